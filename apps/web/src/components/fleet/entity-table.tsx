'use client';

import type { EntityView } from '@emcachers/core/api-views';
import Link from 'next/link';
import { errorCount } from '../../entity-facts/entity-order.ts';
import { healthWords, statusWords, toneOfHealth } from '../../entity-facts/status-words.ts';
import { formatCount, formatEstimate, formatRate, plural, unknownFigure } from '../../format/numbers.ts';
import { EntityMenu } from '../entity/entity-menu.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Pill, StatusDot } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Sparkline } from '../ui/sparkline.tsx';
import type { ListingControls } from './use-entity-listing.ts';

interface EntityTableProps {
  readonly entities: readonly EntityView[] | undefined;
  readonly controls: ListingControls;
}

export function EntityTable({ entities, controls }: EntityTableProps) {
  return (
    <DataTable
      caption="Entities"
      rows={entities}
      rowKey={(entity) => entity.entityName}
      columns={columnsFor(controls)}
    />
  );
}

function columnsFor({ sortOf }: ListingControls): TableColumn<EntityView>[] {
  return [
    {
      id: 'entity',
      label: 'Entity',
      stack: 'title',
      sort: sortOf('entity'),
      cell: entityCell,
      placeholder: <EntityPlaceholder />,
    },
    {
      id: 'status',
      label: 'Status',
      stack: 'status',
      width: '11rem',
      cell: (entity) => <Pill {...statusWords(entity)} />,
    },
    { id: 'documents', label: 'Documents', end: true, width: '7rem', sort: sortOf('documents'), cell: documentsCell },
    {
      id: 'fresh',
      label: 'Fresh as of',
      end: true,
      width: '8rem',
      sort: sortOf('fresh'),
      cell: (entity) => <Moment at={entity.freshAsOf} isWholeSecond />,
    },
    {
      id: 'lag',
      label: 'Lag',
      end: true,
      width: '5.5rem',
      sort: sortOf('lag'),
      cell: (entity) => formatCount(entity.lagEntries),
    },
    { id: 'changes', label: 'Changes, 5 min', width: '6.5rem', cell: changesCell },
    {
      id: 'rate',
      label: 'per s',
      end: true,
      width: '4.5rem',
      sort: sortOf('rate'),
      cell: (entity) => formatRate(entity.ratePerSecond),
    },
    { id: 'errors', label: 'Errors', end: true, width: '5rem', sort: sortOf('errors'), cell: errorsCell },
    { id: 'nodes', label: 'Nodes', width: '4rem', cell: nodesCell },
    {
      id: 'menu',
      label: 'Actions',
      isLabelHidden: true,
      stack: 'corner',
      width: '3rem',
      placeholder: <span className="block size-8" />,
      cell: ({ entityName, activity, deadLetters }) => (
        <EntityMenu entityName={entityName} activity={activity} deadLetters={deadLetters} />
      ),
    },
  ];
}

function entityCell(entity: EntityView) {
  return (
    <div className="min-w-0 max-w-[22rem] leading-snug">
      <Link
        href={`/entities/${encodeURIComponent(entity.entityName)}`}
        className="block truncate font-[600] underline-offset-2 hover:underline"
      >
        {entity.entityName}
      </Link>
      <span className="block truncate font-mono text-ink-3 text-sm" title={entity.sourceName}>
        {entity.sourceName}
      </span>
    </div>
  );
}

function EntityPlaceholder() {
  return (
    <div className="leading-snug">
      <span className="block">
        <Skeleton width="6rem" />
      </span>
      <span className="block text-sm">
        <Skeleton width="9rem" />
      </span>
    </div>
  );
}

function documentsCell(entity: EntityView) {
  if (entity.documents !== null) return formatCount(entity.documents);
  return formatEstimate(entity.scan.estimated);
}

function changesCell(entity: EntityView) {
  if (entity.rateHistory.length === 0) return <span className="text-ink-3">{unknownFigure}</span>;
  const { tone } = statusWords(entity);
  const most = Math.max(entity.ratePerSecond ?? 0, ...entity.rateHistory);
  const label = `Changes applied in the last 5 minutes: ${formatRate(entity.ratePerSecond)} per second now, maximum ${formatRate(most)}`;
  return <Sparkline points={entity.rateHistory} tone={tone === 'warn' ? 'ok' : tone} label={label} />;
}

function errorsCell(entity: EntityView) {
  const count = errorCount(entity);
  if (count === 0) return '0';
  const counts = [
    entity.deadLetters > 0 ? plural(entity.deadLetters, 'dead letter') : null,
    entity.coercionErrors > 0 ? plural(entity.coercionErrors, 'type error') : null,
  ].filter((words) => words !== null);
  const name = encodeURIComponent(entity.entityName);
  // Dead letters alone have a page of their own; values that became NULL are only among the problems.
  const href = entity.coercionErrors === 0 ? `/entities/${name}?tab=dead-letters` : `/problems?entity=${name}`;
  return (
    <Link href={href} title={counts.join(', ')} className="inline-block min-w-6 font-[560] text-warn underline">
      {formatCount(count)}
    </Link>
  );
}

function nodesCell(entity: EntityView) {
  if (entity.nodes.length === 0) return <span className="text-ink-3">{unknownFigure}</span>;
  return (
    <span className="inline-flex flex-wrap gap-1">
      {entity.nodes.map((node) => (
        <StatusDot
          key={node.nodeId}
          tone={toneOfHealth(node.health)}
          label={`${node.nodeId}: ${healthWords[node.health].toLowerCase()}`}
        />
      ))}
    </span>
  );
}
