'use client';

import type { EntityView } from '@emcachers/core/api-views';
import type { ReactNode } from 'react';
import { toneOfHealth } from '../../entity-facts/status-words.ts';
import { useConfirmedAction } from '../actions/use-confirmed-action.tsx';
import { useEntityAction } from '../actions/use-entity-action.ts';
import { Banner } from '../ui/banner.tsx';
import { Button } from '../ui/button.tsx';
import { Moment } from '../ui/moment.tsx';

/** What is wrong, what it means for readers, and the button that helps; nothing when the entity is healthy. */
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
  const { start, isPending } = useEntityAction();
  const resume = (
    <Button
      size="small"
      disabled={isPending}
      onClick={() => void start({ action: 'resume', entityName: entity.entityName })}
    >
      {isPending ? 'Resuming…' : 'Resume'}
    </Button>
  );
  return (
    <Banner tone="unknown" title="This entity is paused. Its caches do not apply changes." action={resume}>
      <Readers entity={entity} />
      <p>Changes are still stored in the oplog. Resume applies all of them.</p>
    </Banner>
  );
}

function FailedNote({ entity }: { readonly entity: EntityView }) {
  const { ask, dialog } = useConfirmedAction(entity.entityName);
  const action: ReactNode = (
    <Button size="small" onClick={() => ask('refresh')}>
      Refresh from source
    </Button>
  );
  return (
    <>
      <Banner tone="bad" title={entity.reason ?? 'Replication of this entity has stopped.'} action={action}>
        <Readers entity={entity} />
      </Banner>
      {dialog}
    </>
  );
}

function Readers({ entity }: { readonly entity: EntityView }) {
  if (entity.freshAsOf === null) return <p>Applications can open the cache once the first scan is complete.</p>;
  return (
    <p>
      Applications can still read the cache. The slowest node has the data as of <Moment at={entity.freshAsOf} />.
    </p>
  );
}
