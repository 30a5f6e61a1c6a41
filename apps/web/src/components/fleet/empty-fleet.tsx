'use client';

import type { SourceCollectionView } from '@emcachers/core/api-views';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { formatEstimate } from '../../format/numbers.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { buttonClasses } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Trouble } from '../ui/trouble.tsx';

const columns: TableColumn<SourceCollectionView>[] = [
  {
    id: 'source',
    label: 'Collection',
    stack: 'title',
    cell: (source) => <span className="font-mono text-[0.93rem]">{source.sourceName}</span>,
  },
  {
    id: 'documents',
    label: 'Documents',
    end: true,
    width: '9rem',
    cell: (source) => formatEstimate(source.estimatedDocuments),
  },
  {
    id: 'define',
    label: 'Action',
    isLabelHidden: true,
    end: true,
    stack: 'wide',
    cell: (source) => (
      <Link
        href={`/entities/new?source=${encodeURIComponent(source.sourceName)}`}
        className={buttonClasses('plain', 'small')}
      >
        Create entity <span className="sr-only">from {source.sourceName}</span>
      </Link>
    ),
  },
];

/** Shown before the first entity exists: what an entity is, and the collections that can be copied. */
export function EmptyFleet() {
  const trpc = useTRPC();
  const sources = useQuery(trpc.sources.list.queryOptions());
  return (
    <Card title="Create your first entity" aside="Collections found in MongoDB" flush>
      <p className="max-w-[46rem] px-4 pt-3.5 pb-3 text-ink-2">
        An entity is a copy of one MongoDB collection in a SQLite file, with the columns that you choose. Applications
        on this machine open the file and query it with SQL. Each change in MongoDB reaches the file within seconds.
      </p>
      {sources.error === null ? (
        <Found sources={sources.data} />
      ) : (
        <div className="px-4 pb-4">
          <Trouble
            error={engineErrorOf(sources.error)}
            title="Could not list the MongoDB collections."
            onRetry={() => void sources.refetch()}
          />
        </div>
      )}
    </Card>
  );
}

function Found({ sources }: { readonly sources: readonly SourceCollectionView[] | undefined }) {
  if (sources?.length === 0)
    return (
      <p className="px-4 pb-4 text-ink-2">
        MongoDB has no collections yet. Insert a document, or create an entity now; the scan starts when the collection
        exists.
      </p>
    );
  return (
    <div className="border-line border-t">
      <DataTable
        caption="Collections found in MongoDB"
        compact
        columns={columns}
        rows={sources}
        rowKey={(source) => source.sourceName}
        placeholderRows={4}
      />
    </div>
  );
}
