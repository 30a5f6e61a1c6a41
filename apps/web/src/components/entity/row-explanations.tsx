'use client';

import type { NodeSide, RowAction, RowExplanation, ShownRow } from '@emcachers/core/row-explanation';
import { useQuery } from '@tanstack/react-query';
import { sourceWords, wordsOfVerdict } from '../../entity-facts/verdict-words.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { ActionButton } from '../actions/action-button.tsx';
import type { ActionKind } from '../actions/use-actions.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Pill } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { RowCell } from './row-cell.tsx';

interface RowExplanationsProps {
  readonly entityName: string;
  /** An `_id` as the operator wrote it. It may mean several documents. */
  readonly idText: string;
}

/** Why the row of a document is what it is: MongoDB, the oplog and every node beside each other, with a verdict. */
export function RowExplanations({ entityName, idText }: RowExplanationsProps) {
  const trpc = useTRPC();
  const options = { retry: false, refetchOnWindowFocus: false, staleTime: 0 };
  const answer = useQuery(trpc.entities.explainRow.queryOptions({ entityName, idText }, options));
  const again = (
    <Button size="small" disabled={answer.isFetching} onClick={() => void answer.refetch()}>
      {answer.isFetching ? 'Checking…' : 'Check again'}
    </Button>
  );
  if (answer.error !== null)
    return (
      <Card title="Why this row is what it is" aside={again}>
        <Trouble error={engineErrorOf(answer.error)} title="Could not explain the row." />
      </Card>
    );
  if (answer.data === undefined)
    return (
      <Card title="Why this row is what it is" note={idText}>
        <div aria-busy className="grid gap-2">
          <Skeleton width="60%" />
          <Skeleton width="40%" />
        </div>
      </Card>
    );
  return answer.data.map((explanation) => (
    <Card key={explanation.docId} title="Why this row is what it is" note={explanation.docId} aside={again} flush>
      <Verdict entityName={entityName} explanation={explanation} />
      <Places explanation={explanation} />
      <Entries explanation={explanation} />
    </Card>
  ));
}

interface VerdictProps {
  readonly entityName: string;
  readonly explanation: RowExplanation;
}

function Verdict({ entityName, explanation }: VerdictProps) {
  const { reason, nextStep, action } = explanation;
  const kind = actionKinds[action];
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5">
      <Pill {...wordsOfVerdict(explanation)} />
      <div className="min-w-0 flex-1 basis-72">
        <p>{reason}</p>
        <p className="text-ink-2">{nextStep}</p>
      </div>
      {kind === null ? null : <ActionButton kind={kind} entityName={entityName} size="small" />}
    </div>
  );
}

const actionKinds: Readonly<Record<RowAction, ActionKind | null>> = {
  none: null,
  wait: null,
  resume: 'resume',
  refreshDocuments: 'refreshDocuments',
  retry: 'retry',
  repair: 'repair',
  rebuild: 'rebuild',
};

/** A place that has the row, or has not. */
interface Place {
  readonly name: string;
  readonly state: string;
  readonly row: ShownRow | null;
  readonly differing: readonly string[];
}

function placesOf({ source, oplogRow, entries, differing, nodes }: RowExplanation): Place[] {
  const [newest] = entries;
  return [
    {
      ...{ name: 'MongoDB', row: source.row, differing },
      state: source.reason === null ? sourceWords[source.state] : `${sourceWords[source.state]}: ${source.reason}`,
    },
    {
      ...{ name: 'Oplog', row: oplogRow, differing: [] },
      state: newest === undefined ? 'no entry' : `${newest.operation} ${formatCount(newest.id)}`,
    },
    ...nodes.map((node) => ({ name: node.nodeId, row: node.row, differing: node.differing, state: nodeWords(node) })),
  ];
}

const nodeStates: Readonly<Record<NodeSide['state'], string>> = {
  level: 'has the newest entry',
  behind: 'is behind',
  wrong: 'has another row',
  'no-cache': 'has no cache',
  silent: 'did not answer',
};

function nodeWords({ state, offset, row }: NodeSide): string {
  const words = state === 'level' && row === null ? 'has no row' : nodeStates[state];
  return offset === null ? words : `${words}, offset ${formatCount(offset)}`;
}

function Places({ explanation }: { readonly explanation: RowExplanation }) {
  const { docId, columns, masked } = explanation;
  const tableColumns: TableColumn<Place>[] = [
    { id: 'place', label: 'Place', cell: ({ name }) => <code>{name}</code> },
    { id: 'state', label: 'State', cell: ({ state }) => <span className="text-ink-2">{state}</span> },
    ...columns.map((name, index) => ({
      id: `${name} ${index}`,
      label: masked.includes(name) ? `${name} (masked)` : name,
      cell: (place: Place) => <PlaceCell place={place} index={index} isDiffering={place.differing.includes(name)} />,
    })),
  ];
  return (
    <DataTable
      caption={`The row ${docId} in each place`}
      isWide
      compact
      columns={tableColumns}
      rows={placesOf(explanation)}
      rowKey={({ name }) => name}
    />
  );
}

interface PlaceCellProps {
  readonly place: Place;
  readonly index: number;
  readonly isDiffering: boolean;
}

function PlaceCell({ place: { row }, index, isDiffering }: PlaceCellProps) {
  if (row === null) return <span className="text-ink-3 text-sm">no row</span>;
  return (
    <span className={isDiffering ? 'font-[620] text-bad' : undefined}>
      <RowCell value={row.cells[index] ?? null} isCut={row.cut.includes(index)} isMarked={false} />
      {isDiffering ? <span className="text-sm">differs</span> : null}
    </span>
  );
}

function Entries({ explanation: { entries, deadLetter } }: { readonly explanation: RowExplanation }) {
  if (entries.length === 0 && deadLetter === null) return null;
  return (
    <ul className="figures grid gap-1 border-line border-t px-4 py-3 text-ink-2 text-sm">
      {deadLetter === null ? null : (
        <li>
          {deadLetter.errorCode}, refused {plural(deadLetter.attempts, 'time')}: {deadLetter.error}
        </li>
      )}
      {entries.map(({ id, operation, version, createdAt }) => (
        <li key={id}>
          Entry {formatCount(id)}: {operation}, version {version}, <Moment at={createdAt} show="precise" />
        </li>
      ))}
    </ul>
  );
}
