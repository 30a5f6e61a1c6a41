'use client';

import type { Activity, EntityView, RowsPage } from '@emcachers/core/api-views';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryStates } from 'nuqs';
import { type ReactNode, useState } from 'react';
import { formatCount, plural } from '../../format/numbers.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Card } from '../ui/card.tsx';
import { PageBar } from '../ui/page-bar.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { FindDocument } from './find-document.tsx';
import { RowExplanations } from './row-explanations.tsx';
import { RowsTable } from './rows-table.tsx';
import { useRowMarks } from './use-row-marks.ts';

const rowsMax = 25;
const parsers = { after: parseAsString, doc: parseAsString };

/** The rows as applications read them, updated as they change. */
export function RowsTab({ entity }: { readonly entity: EntityView }) {
  const { entityName, activity } = entity;
  // Without a complete cache the engine answers with an error. A new entity is no error, so the rows are not requested.
  const hasRows = entity.documents !== null && activity !== 'deleting';
  const trpc = useTRPC();
  const { after, doc, selection, onFind, onFirst, onPrevious, onNext } = useRowsPosition();
  const input = { entityName, limit: rowsMax, ...selection };
  const answer = useQuery(
    trpc.entities.rows.queryOptions(input, { placeholderData: keepPreviousData, enabled: hasRows }),
  );
  const page = answer.isPlaceholderData ? undefined : answer.data;
  const marks = useRowMarks(page, `${after} ${doc}`);
  const isEmpty = answer.data === undefined ? !hasRows : answer.data.rows.length === 0;
  return (
    <>
      <Card
        title="Rows"
        note={noteOf(answer.data)}
        aside={<FindDocument key={doc} docId={doc} onFind={onFind} />}
        flush
      >
        {answer.error === null ? null : (
          <div className="p-4">
            <Trouble
              error={engineErrorOf(answer.error)}
              title="Could not read the rows."
              onRetry={() => void answer.refetch()}
            />
          </div>
        )}
        {isEmpty ? <NoRows docId={doc} activity={activity} /> : null}
        {isEmpty || answer.isLoadingError ? null : (
          <RowsTable page={answer.data} marks={marks} isOld={answer.isPlaceholderData} entityName={entityName} />
        )}
        <PageBar onFirst={onFirst} onPrevious={onPrevious} onNext={onNext(page)} />
      </Card>
      {doc === null ? null : <RowExplanations key={doc} entityName={entityName} idText={doc} />}
    </>
  );
}

/** The page or document that the address names, and the ways to another one. A way that does not exist is null. */
function useRowsPosition() {
  const [{ after, doc }, setPosition] = useQueryStates(parsers, { history: 'push' });
  /** The pages before this one, the first page as null. */
  const [trail, setTrail] = useState<readonly (string | null)[]>([]);
  const go = (next: { after: string | null; doc?: string | null }, nextTrail: readonly (string | null)[]) => {
    setTrail(nextTrail);
    void setPosition({ doc: null, ...next });
  };
  const previous = trail.at(-1);
  return {
    after,
    doc,
    selection: { ...(doc === null ? {} : { idText: doc }), ...(after === null ? {} : { after }) },
    onFind: (docId: string | null) => go({ after: null, doc: docId }, []),
    onFirst: after === null && doc === null ? null : () => go({ after: null }, []),
    onPrevious: previous === undefined ? null : () => go({ after: previous }, trail.slice(0, -1)),
    onNext: (page: RowsPage | undefined) =>
      page?.next == null ? null : () => go({ after: page.next }, [...trail, after]),
  };
}

function noteOf(page: RowsPage | undefined): string {
  if (page === undefined) return '';
  const total = page.total === null ? '' : `${plural(page.total, 'row')}`;
  return page.offset === null ? total : `${total} at offset ${formatCount(page.offset)}`;
}

function NoRows({ docId, activity }: { readonly docId: string | null; readonly activity: Activity }) {
  return <p className="px-4 py-10 text-center text-ink-2">{emptyWords(docId, activity)}</p>;
}

function emptyWords(docId: string | null, activity: Activity): ReactNode {
  if (docId !== null)
    return (
      <>
        No row has the document id <code className="text-ink">{docId}</code>. The document may have been deleted, or not
        copied yet.
      </>
    );
  if (activity === 'live') return 'The collection is empty. Documents appear here as soon as they are inserted.';
  return 'No rows yet. All rows appear when the first scan is complete.';
}
