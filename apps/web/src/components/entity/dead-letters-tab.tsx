'use client';

import type { AppRouter } from '@emcachers/engine/api';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { formatCount } from '../../format/numbers.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Trouble } from '../ui/trouble.tsx';

type DeadLetter = inferRouterOutputs<AppRouter>['entities']['deadLetters'][number];

const lettersMax = 100;
const renewMs = 5_000;

/** Documents that could not be copied, each with the reason. They do not stop replication of other documents. */
export function DeadLettersTab({ entityName }: { readonly entityName: string }) {
  const trpc = useTRPC();
  const refetchInterval = usePollInterval(renewMs);
  const answer = useQuery(
    trpc.entities.deadLetters.queryOptions({ entityName, limit: lettersMax }, { refetchInterval }),
  );
  if (answer.error !== null && answer.data === undefined)
    return (
      <Trouble
        error={engineErrorOf(answer.error)}
        title="Could not read the dead letters."
        onRetry={() => void answer.refetch()}
      />
    );
  return (
    <Card title="Dead letters" note={answer.data === undefined ? '' : countOf(answer.data)} flush>
      {answer.data?.length === 0 ? (
        <p className="px-4 py-10 text-center text-ink-2">No dead letters. Every document was copied.</p>
      ) : (
        <>
          <p className="px-4 pt-3 pb-2 text-ink-2">
            These documents are not in the cache. Correct a document in MongoDB, and its next change removes the dead
            letter. Other documents are not affected.
          </p>
          <DataTable
            caption={`Dead letters of ${entityName}`}
            rows={answer.data}
            rowKey={(letter) => letter.docId}
            columns={columns}
          />
        </>
      )}
    </Card>
  );
}

function countOf(letters: readonly DeadLetter[]): string {
  return letters.length < lettersMax ? formatCount(letters.length) : `newest ${formatCount(lettersMax)}`;
}

const columns: TableColumn<DeadLetter>[] = [
  {
    id: 'document',
    label: 'Document',
    stack: 'title',
    width: '16rem',
    cell: (letter) => <code className="block max-w-[20rem] truncate">{letter.docId}</code>,
  },
  {
    id: 'reason',
    label: 'Reason',
    stack: 'wide',
    cell: (letter) => (
      <span className="whitespace-normal">
        {letter.error} <code className="text-ink-3 text-sm">{letter.errorCode}</code>
      </span>
    ),
  },
  { id: 'attempts', label: 'Attempts', end: true, width: '5rem', cell: (letter) => formatCount(letter.attempts) },
  {
    id: 'since',
    label: 'Since',
    end: true,
    width: '10rem',
    cell: (letter) => <Moment at={letter.createdAt} />,
  },
];
