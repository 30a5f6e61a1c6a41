'use client';

import type { FleetView, NodeView } from '@emcachers/core/api-views';
import { type NodeFacts, nodeFacts } from '../../entity-facts/node-facts.ts';
import { healthWords, toneOfHealth } from '../../entity-facts/status-words.ts';
import { formatBytes, formatCount, plural } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { useEngineNow } from '../../live/use-engine-now.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { Pill } from '../ui/pill.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';

/** The engine's processes: which one leads, which ones are silent, and what each one stores. */
export function NodesPage() {
  const { fleet, error, unknownSince, tryAgain } = useFleet();
  return (
    <>
      <PageHead
        title={fleet === undefined ? <Skeleton width="16rem" /> : sentenceOf(fleet.nodes, unknownSince)}
        detail="A node is one engine process. The leader reads MongoDB; every node has its own cache files."
      />
      {fleet === undefined && error !== null ? (
        <Trouble error={error} title="Could not list the nodes." onRetry={tryAgain} />
      ) : (
        <SilenceNotice />
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

function sentenceOf(nodes: readonly NodeView[], unknownSince: string | null): string {
  if (unknownSince !== null) return `The state of the nodes is unknown since ${unknownSince}.`;
  if (nodes.length === 0) return 'No node has reported yet.';
  const running = nodes.filter((node) => node.leftAt === null);
  const healthy = running.filter((node) => node.health === 'ok').length;
  if (running.length === 0) return 'No node is running.';
  if (healthy === running.length)
    return running.length === 1 ? 'The node is healthy.' : `All ${running.length} nodes are healthy.`;
  return `${healthy} of ${plural(running.length, 'node')} ${healthy === 1 ? 'is' : 'are'} healthy.`;
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
    cell: ({ node }) =>
      node.leftAt === null ? (
        <Pill tone={toneOfHealth(node.health)} words={healthWords[node.health]} />
      ) : (
        <span className="text-ink-3">
          Stopped <Moment at={node.leftAt} show="ago" />
        </span>
      ),
  },
  { id: 'roles', label: 'Roles', width: '12rem', cell: ({ node }) => node.roles.join(', ') },
  { id: 'caches', label: 'Caches', end: true, width: '6rem', cell: ({ facts }) => formatCount(facts.caches) },
  { id: 'disk', label: 'On disk', end: true, width: '7rem', cell: ({ facts }) => formatBytes(facts.fileBytes) },
  {
    id: 'behind',
    label: 'Largest lag',
    end: true,
    width: '9rem',
    cell: ({ facts }) => formatCount(facts.lagEntriesMax),
  },
  { id: 'up', label: 'Uptime', end: true, width: '8rem', cell: ({ node }) => <Uptime node={node} /> },
  {
    id: 'report',
    label: 'Last report',
    end: true,
    width: '8rem',
    cell: ({ node }) => <Moment at={node.heartbeatAt} show="ago" />,
  },
];

function Uptime({ node }: { readonly node: NodeView }) {
  return formatDuration(useEngineNow() - Date.parse(node.startedAt));
}
