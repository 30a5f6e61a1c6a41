'use client';

import type { EntityView } from '@emcachers/core/api-views';
import type { Column } from '@emcachers/core/shape';
import type { StoredFilter } from '@emcachers/core/shape-filter';
import { Copy } from 'lucide-react';
import Link from 'next/link';
import { definitionOf } from '../../entity-facts/definition.ts';
import { filterText } from '../../entity-facts/filter-text.ts';
import { maskTitle } from '../../entity-facts/mask-titles.ts';
import { policyTitles } from '../../entity-facts/policy-titles.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { ActionButton } from '../actions/action-button.tsx';
import { buttonClasses } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { IndexesCard } from './indexes-card.tsx';

const columns: TableColumn<Column>[] = [
  { id: 'name', label: 'Column', stack: 'title', cell: (column) => <code>{column.name}</code> },
  { id: 'type', label: 'Type', width: '8rem', cell: (column) => column.type },
  { id: 'policy', label: 'If refused', width: '8rem', cell: (column) => policyTitles[column.whenRefused ?? 'null'] },
  { id: 'mask', label: 'Mask', width: '8rem', cell: ({ mask }) => (mask === undefined ? '' : maskTitle(mask)) },
  { id: 'path', label: 'Path in the document', stack: 'wide', cell: (column) => <code>{column.path}</code> },
];

/** The columns and indexes of the entity, its shape as JSON, and the Duplicate and Delete actions. */
export function ShapeTab({ entity }: { readonly entity: EntityView }) {
  const { entityName, where } = entity;
  const json = JSON.stringify(definitionOf(entity), null, 2);
  return (
    <>
      <Card title="Columns" note={plural(entity.columns.length, 'column')} aside="in addition to the key, doc_id" flush>
        <DataTable
          caption={`Columns of ${entityName}`}
          compact
          rows={entity.columns}
          rowKey={(column) => column.name}
          columns={columns}
        />
      </Card>
      <IndexesCard entity={entity} />
      {where === null ? null : <FilterCard where={where} filteredOut={entity.filteredOut} />}
      <Card
        title="As JSON"
        note="the body for POST /api/v1/entities"
        aside={<CopyButton text={json} label="Copy the shape as JSON" />}
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
        <pre tabIndex={0} className="max-h-72 overflow-auto text-[0.86rem] leading-relaxed">
          {json}
        </pre>
      </Card>
      <Card title="Change the shape">
        <div className="flex flex-wrap items-center gap-3">
          <p className="min-w-0 flex-1 basis-64 text-ink-2">
            The shape of an entity cannot be changed. To use different columns, duplicate the entity, point your
            applications to the new one, then delete this one.
          </p>
          <Link href={`/entities/new?from=${encodeURIComponent(entityName)}`} className={buttonClasses()}>
            <Copy size={14} aria-hidden /> Duplicate
          </Link>
        </div>
      </Card>
      <DangerZone entity={entity} />
    </>
  );
}

function FilterCard({ where, filteredOut }: Pick<EntityView, 'filteredOut'> & { readonly where: StoredFilter }) {
  return (
    <Card
      title="Filter"
      note="only documents that match are copied"
      aside={`filtered out ${formatCount(filteredOut)} times`}
    >
      <code className="break-all">{filterText(where)}</code>
    </Card>
  );
}

function DangerZone({ entity }: { readonly entity: EntityView }) {
  const { entityName, sourceName, activity } = entity;
  return (
    <Card title="Delete this entity" className="border-bad/40!">
      <div className="flex flex-wrap items-center gap-3">
        <p className="min-w-0 flex-1 basis-64 text-ink-2">
          Deletes the cache files on all nodes, the oplog entries and the definition. Does not change the collection{' '}
          <code>{sourceName}</code> in MongoDB.
        </p>
        <ActionButton kind="delete" entityName={entityName} disabled={activity === 'deleting'} />
      </div>
    </Card>
  );
}
