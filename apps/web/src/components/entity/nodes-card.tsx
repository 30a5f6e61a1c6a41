'use client';

import type { EntityNodeView, EntityView } from '@emcachers/core/api-views';
import { toneOfHealth } from '../../entity-facts/status-words.ts';
import { formatBytes, formatCount, unknownFigure } from '../../format/numbers.ts';
import { formatLag } from '../../format/times.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Pill } from '../ui/pill.tsx';

export function NodesCard({ entity }: { readonly entity: EntityView }) {
  return (
    <Card title="Nodes" aside={`newest oplog entry of this entity: ${formatCount(entity.head)}`} flush>
      {entity.nodes.length === 0 ? (
        <p className="px-4 py-6 text-ink-2">
          No node has a cache of this entity yet. Each node creates one when the scan is complete.
        </p>
      ) : (
        <DataTable
          caption={`Caches of ${entity.entityName} by node`}
          compact
          rows={entity.nodes}
          rowKey={(node) => node.nodeId}
          columns={columnsOf(entity)}
          expansion={errorOf}
        />
      )}
    </Card>
  );
}

const columnsOf = (entity: EntityView): TableColumn<EntityNodeView>[] => [
  { id: 'node', label: 'Node', stack: 'title', cell: (node) => <code>{node.nodeId}</code> },
  { id: 'status', label: 'Status', stack: 'status', width: '9rem', cell: (node) => <NodeStatus node={node} /> },
  {
    id: 'offset',
    label: 'Offset',
    end: true,
    width: '8rem',
    cell: (node) => <NodeOffset node={node} head={entity.head} />,
  },
  { id: 'behind', label: 'Behind', end: true, width: '10rem', cell: behindCell },
  { id: 'rows', label: 'Rows', end: true, width: '8rem', cell: (node) => formatCount(node.documents) },
  { id: 'file', label: 'File', end: true, width: '9rem', cell: fileCell },
  {
    id: 'applied',
    label: 'Last applied',
    end: true,
    width: '9rem',
    cell: (node) => <Moment at={node.lastAppliedAt} show="ago" />,
  },
];

interface NodeOffsetProps {
  readonly node: EntityNodeView;
  readonly head: number | null;
}

/** A cache without lag moves on with the oplog of all entities, past the newest entry of its own: that is not ahead. */
function NodeOffset({ node: { offset }, head }: NodeOffsetProps) {
  if (offset === null || head === null || offset <= head) return formatCount(offset);
  return (
    <span title={`Has read the oplog of all entities up to ${formatCount(offset)}`}>
      {formatCount(head)} <span className="text-ink-3">of {formatCount(head)}</span>
    </span>
  );
}

/** A node is silent only if others speak: while nothing arrives at all, nothing is known of it. */
function NodeStatus({ node }: { readonly node: EntityNodeView }) {
  const { silence } = useFleet();
  return <Pill tone={toneOfHealth(node.health)} words={silence === null ? wordsOf(node) : 'Unknown'} />;
}

/** The node's error, shown below its row. */
function errorOf(node: EntityNodeView) {
  if (node.error === null) return null;
  return (
    <p className="py-1 text-ink-2">
      {node.error} <code className="text-ink-3">{node.errorCode}</code>
    </p>
  );
}

function wordsOf(node: EntityNodeView): string {
  switch (node.health) {
    case 'ok':
      return node.lagEntries === 0 ? 'Up to date' : 'Fresh';
    case 'degraded':
      return 'Behind';
    case 'failed':
      return 'Failed';
    case 'unknown':
      return 'Silent';
  }
}

function behindCell(node: EntityNodeView) {
  if (node.lagEntries === null) return unknownFigure;
  const time = node.lagMs === null || node.lagEntries === 0 ? '' : ` · ${formatLag(node.lagMs)}`;
  return `${formatCount(node.lagEntries)}${time}`;
}

function fileCell(node: EntityNodeView) {
  if (node.fileBytes === null) return unknownFigure;
  return `${formatBytes(node.fileBytes)}${node.generation === null ? '' : ` · g${node.generation}`}`;
}
