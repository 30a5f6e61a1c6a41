import Link from 'next/link';
import type { Problem } from '../../entity-facts/problems.ts';
import { formatCount, unknownFigure } from '../../format/numbers.ts';
import type { TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';

export const problemColumns: TableColumn<Problem>[] = [
  {
    id: 'entity',
    label: 'Entity',
    stack: 'title',
    width: '12rem',
    cell: ({ entityName }) => (
      <Link
        href={`/entities/${encodeURIComponent(entityName)}`}
        className="font-[600] underline-offset-2 hover:underline"
      >
        {entityName}
      </Link>
    ),
  },
  {
    id: 'what',
    label: 'What',
    stack: 'wide',
    cell: ({ what }) => <span className="whitespace-normal">{what}</span>,
  },
  { id: 'count', label: 'Count', end: true, width: '5rem', cell: ({ count }) => formatCount(count) },
  { id: 'samples', label: 'Documents', width: '11rem', cell: ({ samples }) => <Samples docIds={samples} /> },
  { id: 'first', label: 'First seen', end: true, width: '8rem', cell: ({ firstSeen }) => <Moment at={firstSeen} /> },
  { id: 'last', label: 'Last seen', end: true, width: '8rem', cell: ({ lastSeen }) => <Moment at={lastSeen} /> },
];

function Samples({ docIds }: { readonly docIds: readonly string[] }) {
  if (docIds.length === 0) return <span className="text-ink-3">{unknownFigure}</span>;
  return (
    <span className="grid max-w-[11rem]">
      {docIds.map((docId) => (
        <code key={docId} className="truncate" title={docId}>
          {docId}
        </code>
      ))}
    </span>
  );
}
