'use client';

import type { FleetView, NodeView } from '@emcachers/core/api-views';
import { type NodeFacts, nodeFacts } from '../../entity-facts/node-facts.ts';
import { healthWords, toneOfHealth } from '../../entity-facts/status-words.ts';
import { formatBytes, formatCount, plural } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { useEngineNow } from '../../live/use-engine-now.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { whoFails } from '../../trpc/engine-error.ts';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';

/** The engine's processes: who leads, who is silent, what each one keeps. */
export function NodesPage() {
  const { fleet, error, receivedAtMs, tryAgain } = useFleet();
  return (
    <>
      <PageHead
        title={fleet === undefined ? <Skeleton width="16rem" /> : sentenceOf(fleet.nodes)}
        detail="A node is one engine process. One of them leads and reads MongoDB; each keeps its own cache files."
      />
      {error === null ? null : (
        <Trouble
          error={error}
          title={fleet === undefined ? 'The nodes could not be listed.' : `${whoFails(error)}; what you see is old.`}
          shownSinceMs={receivedAtMs}
          onRetry={tryAgain}
        />
      )}
      {fleet === undefined && error !== null ? null : (
        <Card title="Nodes" flush>
          <DataTable
            caption="Nodes"
            rows={fleet === undefined ? undefined : rowsOf(fleet)}
            rowKey={({ node }) => node.nodeId}
            columns={columns}
            placeholderRows={3}
          />
        </Card>
      )}
    </>
  );
}

interface NodeRow {
  readonly node: NodeView;
  readonly facts: NodeFacts;
}

function rowsOf(fleet: FleetView): NodeRow[] {
  return fleet.nodes.map((node) => ({ node, facts: nodeFacts(fleet.entities, node.nodeId) }));
}

function sentenceOf(nodes: readonly NodeView[]): string {
  const well = nodes.filter((node) => node.health === 'ok').length;
  if (nodes.length === 0) return 'No node has reported yet.';
  if (well === nodes.length)
    return nodes.length === 1 ? 'The one node is well.' : `All ${nodes.length} nodes are well.`;
  return `${well} of ${plural(nodes.length, 'node')} ${well === 1 ? 'is' : 'are'} well.`;
}

const columns: TableColumn<NodeRow>[] = [
  {
    id: 'node',
    label: 'Node',
    stack: 'title',
    cell: ({ node }) => (
      <span>
        <code className="font-[600]">{node.nodeId}</code>
        {node.isLeader ? <span className="ml-2 text-ink-3 text-sm">leader</span> : null}
      </span>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    stack: 'status',
    width: '9rem',
    cell: ({ node }) => <Pill tone={toneOfHealth(node.health)} words={healthWords[node.health]} />,
  },
  { id: 'roles', label: 'Does', width: '12rem', cell: ({ node }) => node.roles.join(', ') },
  { id: 'caches', label: 'Caches', end: true, width: '6rem', cell: ({ facts }) => formatCount(facts.caches) },
  { id: 'disk', label: 'On disk', end: true, width: '7rem', cell: ({ facts }) => formatBytes(facts.fileBytes) },
  {
    id: 'behind',
    label: 'Most behind',
    end: true,
    width: '9rem',
    cell: ({ facts }) => formatCount(facts.lagEntriesMax),
  },
  { id: 'up', label: 'Up for', end: true, width: '8rem', cell: ({ node }) => <UpFor node={node} /> },
  {
    id: 'heard',
    label: 'Last heard',
    end: true,
    width: '8rem',
    cell: ({ node }) => <Moment at={node.heartbeatAt} show="ago" />,
  },
];

function UpFor({ node }: { readonly node: NodeView }) {
  return formatDuration(useEngineNow() - Date.parse(node.startedAt));
}
