'use client';

import type { EntityView } from '@emcachers/core/api-views';
import { defaultStreamName } from '@emcachers/core/shape';
import { activityWords, statusWords } from '../../entity-facts/status-words.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { ActionButton } from '../actions/action-button.tsx';
import { isOffered } from '../actions/is-offered.ts';
import { useActions } from '../actions/use-actions.ts';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { EntityMenu } from './entity-menu.tsx';

export function EntityHead({ entity }: { readonly entity: EntityView }) {
  const { entityName, activity } = entity;
  const onPage = useActions().actions.filter((action) => action.place === 'page' && isOffered(action, entity));
  return (
    <PageHead
      title={
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          {entityName}
          <span className="text-base tracking-normal">
            <Pill {...statusWords(entity)} />
          </span>
        </span>
      }
      detail={<Facts entity={entity} />}
      actions={
        <>
          {onPage.map(({ kind }) => (
            <ActionButton key={kind} kind={kind} entityName={entityName} disabled={activity === 'deleting'} />
          ))}
          <EntityMenu entityName={entityName} activity={activity} deadLetters={entity.deadLetters} isOnItsPage />
        </>
      }
    />
  );
}

function Facts({ entity }: { readonly entity: EntityView }) {
  return (
    <p className="figures font-mono text-sm">
      {entity.sourceName} → {plural(entity.columns.length, 'column')} · version {formatCount(entity.version)} ·{' '}
      {entity.stream === defaultStreamName ? '' : `stream ${entity.stream} · `}
      {activityWords[entity.activity]} since <Moment at={entity.since} />
    </p>
  );
}

export function EntityHeadPlaceholder({ entityName }: { readonly entityName: string }) {
  return (
    <div aria-busy className="grid grid-cols-1 gap-5">
      <PageHead title={entityName} detail={<Skeleton width="26rem" />} />
      <div className="grid gap-5 md:grid-cols-3">
        {['fresh', 'lag', 'rows'].map((part) => (
          <div key={part} className="h-[114px] rounded-card border border-line bg-panel p-4">
            <Skeleton width="40%" />
          </div>
        ))}
      </div>
      <div className="h-[76px] rounded-card border border-line bg-panel" />
      <div className="h-64 rounded-card border border-line bg-panel" />
    </div>
  );
}
