'use client';

import type { EntityView } from '@emcachers/core/api-views';
import { toneOfHealth } from '../../entity-facts/status-words.ts';
import { ActionButton } from '../actions/action-button.tsx';
import { Banner } from '../ui/banner.tsx';
import { Moment } from '../ui/moment.tsx';

/** The entity's problem, its effect on readers, and a button to fix it. Renders nothing if the entity is healthy. */
export function EntityTrouble({ entity }: { readonly entity: EntityView }) {
  const { activity, health, reason } = entity;
  if (activity === 'paused') return <PausedNote entity={entity} />;
  if (activity === 'failed') return <FailedNote entity={entity} />;
  if (health === 'ok' || reason === null) return null;
  return (
    <Banner tone={toneOfHealth(health)} title={reason}>
      <Readers entity={entity} />
    </Banner>
  );
}

function PausedNote({ entity }: { readonly entity: EntityView }) {
  const resume = <ActionButton kind="resume" size="small" entityName={entity.entityName} />;
  return (
    <Banner tone="unknown" title="This entity is paused. Its caches do not apply changes." action={resume}>
      <Readers entity={entity} />
      <p>Changes are still stored in the oplog until the entity is resumed; its caches then apply all of them.</p>
    </Banner>
  );
}

function FailedNote({ entity }: { readonly entity: EntityView }) {
  const { entityName, reason } = entity;
  const refresh = <ActionButton kind="refresh" size="small" entityName={entityName} />;
  return (
    <Banner tone="bad" title={reason ?? 'Replication of this entity has stopped.'} action={refresh}>
      <Readers entity={entity} />
    </Banner>
  );
}

function Readers({ entity }: { readonly entity: EntityView }) {
  if (entity.freshAsOf === null) return <p>Applications can open the cache once the first scan is complete.</p>;
  return (
    <p>
      Applications can still read the cache. The slowest node has the data as of{' '}
      <Moment at={entity.freshAsOf} isWholeSecond />.
    </p>
  );
}
