'use client';

import type { EntityView, IndexView } from '@emcachers/core/api-views';
import { indexCountMax, indexName } from '@emcachers/core/cache-index';
import { useState } from 'react';
import type { StatusWords } from '../../entity-facts/status-words.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Pill } from '../ui/pill.tsx';
import { AddIndexDialog, DropIndexDialog } from './index-dialogs.tsx';

type NodeState = IndexView['nodes'][number]['state'];

const words: Readonly<Record<NodeState, StatusWords>> = {
  ready: { tone: 'ok', words: 'Ready' },
  building: { tone: 'busy', words: 'Building' },
  waiting: { tone: 'busy', words: 'Waiting' },
  failed: { tone: 'warn', words: 'Failed' },
  unknown: { tone: 'unknown', words: 'Unknown' },
};

/** The declared indexes with their state on each node, and the ways to add and to drop one. */
export function IndexesCard({ entity }: { readonly entity: EntityView }) {
  const [asked, setAsked] = useState<'add' | IndexView | null>(null);
  const { entityName, indexes, activity } = entity;
  const canAdd = activity !== 'deleting' && indexes.length < indexCountMax;
  const close = () => setAsked(null);
  return (
    <Card
      title="Indexes"
      note="in addition to the key, doc_id"
      aside={
        <Button size="small" disabled={!canAdd} onClick={() => setAsked('add')}>
          Add index
        </Button>
      }
      flush
    >
      {indexes.length === 0 ? (
        <p className="px-4 py-6 text-ink-2">
          No indexes. A query that compares a column reads the whole table; with an index it reads only the rows that
          match.
        </p>
      ) : (
        <DataTable
          caption={`Indexes of ${entityName}`}
          compact
          rows={indexes}
          rowKey={indexName}
          columns={columnsOf(setAsked)}
          expansion={reasonsOf}
        />
      )}
      {asked === 'add' ? <AddIndexDialog entity={entity} onClose={close} /> : null}
      {asked === null || asked === 'add' ? null : <DropIndexDialog entity={entity} index={asked} onClose={close} />}
    </Card>
  );
}

const columnsOf = (onDrop: (index: IndexView) => void): TableColumn<IndexView>[] => [
  { id: 'columns', label: 'Columns', stack: 'title', cell: (index) => <code>{index.columns.join(', ')}</code> },
  { id: 'nodes', label: 'On the nodes', stack: 'wide', cell: nodesCell },
  {
    id: 'drop',
    label: 'Drop',
    end: true,
    width: '6rem',
    cell: (index) => (
      <Button
        size="small"
        look="danger"
        aria-label={`Drop the index on ${index.columns.join(', ')}`}
        onClick={() => onDrop(index)}
      >
        Drop
      </Button>
    ),
  },
];

function nodesCell({ nodes }: IndexView) {
  if (nodes.length === 0) return 'no node has a cache yet';
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1">
      {nodes.map(({ nodeId, state }) => (
        <li key={nodeId} className="flex items-center gap-2">
          <code>{nodeId}</code> <Pill {...words[state]} />
        </li>
      ))}
    </ul>
  );
}

/** Why nodes failed, below the row of the index. */
function reasonsOf({ nodes }: IndexView) {
  const failed = nodes.filter(({ reason }) => reason !== null);
  if (failed.length === 0) return null;
  return (
    <ul className="py-1 text-ink-2">
      {failed.map(({ nodeId, reason }) => (
        <li key={nodeId}>
          <code>{nodeId}</code>: {reason} <code className="text-ink-3">EMC-4007</code>
        </li>
      ))}
    </ul>
  );
}
