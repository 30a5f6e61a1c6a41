'use client';

import type { AppRouter } from '@emcachers/engine/api';
import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { formatCount } from '../../format/numbers.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { useActions } from '../actions/use-actions.ts';
import { useConfirmedAction } from '../actions/use-confirmed-action.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Trouble } from '../ui/trouble.tsx';

type DeadLetter = inferRouterOutputs<AppRouter>['entities']['deadLetters'][number];
type Ask = ReturnType<typeof useConfirmedAction>['ask'];

const lettersMax = 100;
const renewMs = 5_000;

/** Documents that could not be copied, each with the reason. They do not stop replication of other documents. */
export function DeadLettersTab({ entityName }: { readonly entityName: string }) {
  const trpc = useTRPC();
  const refetchInterval = usePollInterval(renewMs);
  const { ask, dialog } = useConfirmedAction(entityName);
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
          <div className="flex flex-wrap items-center gap-3 px-4 pt-3 pb-2">
            <p className="min-w-0 flex-1 basis-64 text-ink-2">
              These documents are not in the cache. The next change of a document in MongoDB tries it again. Other
              documents are not affected.
            </p>
            <Buttons subject="all dead letters" words={['Retry all', 'Discard all']} onAsk={ask} />
          </div>
          <DataTable
            caption={`Dead letters of ${entityName}`}
            rows={answer.data}
            rowKey={(letter) => letter.docId}
            columns={[...columns, actionsColumn(ask)]}
          />
        </>
      )}
      {dialog}
    </Card>
  );
}

function countOf(letters: readonly DeadLetter[]): string {
  return letters.length < lettersMax ? formatCount(letters.length) : `newest ${formatCount(lettersMax)}`;
}

interface ButtonsProps {
  /** For screen readers: what the buttons concern. */
  readonly subject: string;
  readonly words: readonly [retry: string, discard: string];
  readonly docIds?: readonly string[];
  readonly onAsk: Ask;
}

/** Both buttons open a dialog that states the consequences. Absent until the engine has named its actions. */
function Buttons({ subject, words, docIds, onAsk }: ButtonsProps) {
  const { actions } = useActions();
  const kinds = (['retry', 'discard'] as const).filter((kind) => actions.some((action) => action.kind === kind));
  return (
    <div className="flex gap-1.5">
      {kinds.map((kind) => {
        const word = words[kind === 'retry' ? 0 : 1];
        return (
          <Button
            key={kind}
            size="small"
            aria-label={docIds === undefined ? word : `${word} ${subject}`}
            onClick={() => onAsk(kind, docIds)}
          >
            {word}
          </Button>
        );
      })}
    </div>
  );
}

function actionsColumn(ask: Ask): TableColumn<DeadLetter> {
  return {
    id: 'actions',
    label: 'Actions',
    end: true,
    width: '9rem',
    stack: 'wide',
    isLabelHidden: true,
    cell: ({ docId }) => <Buttons subject={docId} words={['Retry', 'Discard']} docIds={[docId]} onAsk={ask} />,
  };
}

const columns: TableColumn<DeadLetter>[] = [
  {
    id: 'document',
    label: 'Document',
    stack: 'title',
    width: '14rem',
    cell: ({ docId, key }) => (
      <span className="grid max-w-[20rem]">
        <code className="truncate">{docId}</code>
        {key === null ? null : <code className="truncate text-ink-3 text-sm">_id: {key}</code>}
      </span>
    ),
  },
  {
    id: 'column',
    label: 'Column',
    width: '7rem',
    cell: ({ column }) => (column === null ? <span className="text-ink-3">–</span> : <code>{column}</code>),
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
  { id: 'first', label: 'First seen', end: true, width: '8rem', cell: (letter) => <Moment at={letter.createdAt} /> },
  { id: 'last', label: 'Last seen', end: true, width: '8rem', cell: (letter) => <Moment at={letter.updatedAt} /> },
];
