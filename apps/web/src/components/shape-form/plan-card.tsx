import type { SourceCollectionView } from '@emcachers/core/api-views';
import { formatEstimate, plural } from '../../format/numbers.ts';
import { Card } from '../ui/card.tsx';

interface PlanCardProps {
  readonly entityName: string;
  readonly source: SourceCollectionView | undefined;
  readonly nodeCount: number | undefined;
  /** The named collection does not exist yet. */
  readonly isMissing: boolean;
}

/** What happens after the entity is created. */
export function PlanCard({ entityName, source, nodeCount, isMissing }: PlanCardProps) {
  const name = entityName === '' ? '…' : entityName;
  return (
    <Card title="What happens next">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        <Line name="Scan" words={scanWords(source, isMissing)} />
        <Line name="Then" words="copies each change in MongoDB to the file within seconds" />
        <Line
          name="Cache"
          words={nodeCount === undefined ? 'one file per node' : `one file on ${plural(nodeCount, 'node')}`}
        />
        <Line name="File" words={`dbs/${name}/db.sqlite, table ${name}`} />
        <Line name="Readers" words="can open the file once the scan is complete" />
        <Line name="MongoDB" words="is only read, never written" />
      </dl>
    </Card>
  );
}

function scanWords(source: SourceCollectionView | undefined, isMissing: boolean): string {
  if (isMissing) return 'starts as soon as the collection exists';
  const documents =
    source === undefined ? 'the whole collection' : `${formatEstimate(source.estimatedDocuments)} documents`;
  return `reads ${documents} once, without blocking writes`;
}

function Line({ name, words }: { readonly name: string; readonly words: string }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="figures">{words}</dd>
    </>
  );
}
