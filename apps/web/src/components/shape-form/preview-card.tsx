'use client';

import type { PreviewView } from '@emcachers/core/api-views';
import { formatCount, plural } from '../../format/numbers.ts';
import { previewColumnsMax } from '../../shape-draft/preview-shape.ts';
import type { EngineError } from '../../trpc/engine-error.ts';
import { Card } from '../ui/card.tsx';
import { classes } from '../ui/classes.ts';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Trouble } from '../ui/trouble.tsx';

type PreviewRow = PreviewView['rows'][number];

interface PreviewCardProps {
  readonly preview: PreviewView | undefined;
  /** The draft has changed since this preview was made; a new one is loading. */
  readonly isOld: boolean;
  readonly error: EngineError | null;
  readonly columnCount: number;
}

/** The rows that the engine produces from sampled documents with the draft shape. */
export function PreviewCard({ preview, isOld, error, columnCount }: PreviewCardProps) {
  if (preview === undefined && error === null)
    return (
      <Card title="Preview">
        <p className="text-ink-2">Choose a collection and add a column to preview the first rows.</p>
      </Card>
    );
  return (
    <Card
      title="Preview"
      aside={
        preview === undefined
          ? undefined
          : `${plural(preview.rows.length, 'row')} of ${formatCount(preview.sampled)} sampled documents`
      }
      flush
    >
      {error === null ? null : (
        <div className="p-4">
          <Trouble error={error} title="Could not create the preview." />
        </div>
      )}
      {preview === undefined ? null : (
        <div aria-busy={isOld} className={classes('transition-opacity', isOld && 'opacity-60')}>
          <DataTable
            caption="Preview of the rows"
            isWide
            compact
            columns={columnsOf(preview)}
            rows={preview.rows}
            rowKey={(row) => row.docId}
          />
        </div>
      )}
      {columnCount > previewColumnsMax ? (
        <p className="px-4 py-2 text-ink-3 text-sm">Only the first {previewColumnsMax} columns are shown.</p>
      ) : null}
    </Card>
  );
}

function columnsOf(preview: PreviewView): TableColumn<PreviewRow>[] {
  return [
    {
      id: 'doc_id',
      label: 'doc_id',
      cell: (row) => <code className="block max-w-28 truncate text-ink-3">{row.docId}</code>,
    },
    ...preview.columns.map(({ name }, index) => ({
      id: name,
      label: name,
      cell: (row: PreviewRow) => <Cell value={row.cells[index] ?? null} />,
    })),
  ];
}

function Cell({ value }: { readonly value: string | null }) {
  if (value === null) return <span className="block text-ink-3 text-sm">NULL</span>;
  return (
    <code title={value} className="block max-w-44 truncate">
      {value}
    </code>
  );
}
