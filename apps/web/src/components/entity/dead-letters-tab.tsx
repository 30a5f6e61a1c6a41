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

/** Documents that could not be copied, each with its reason; everything else goes on. */
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
        title="The dead letters could not be read."
        onRetry={() => void answer.refetch()}
      />
    );
  return (
    <Card title="Dead letters" note={answer.data === undefined ? '' : countOf(answer.data)} flush>
      {answer.data?.length === 0 ? (
        <p className="px-4 py-10 text-center text-ink-2">None. Every document could be copied.</p>
      ) : (
        <>
          <p className="px-4 pt-3 pb-2 text-ink-2">
            These documents are not in the cache. Correct them in MongoDB: the next change of a document clears its
            letter. All others are copied as ever.
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
  return letters.length < lettersMax ? formatCount(letters.length) : `the newest ${formatCount(lettersMax)}`;
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
  { id: 'attempts', label: 'Tries', end: true, width: '5rem', cell: (letter) => formatCount(letter.attempts) },
  {
    id: 'since',
    label: 'Since',
    end: true,
    width: '10rem',
    cell: (letter) => <Moment at={letter.createdAt} />,
  },
];
