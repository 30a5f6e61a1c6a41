import type { RowsPage } from '@emcachers/core/api-views';
import { useEffect, useRef, useState } from 'react';
import { changedCells, type RowChanges } from '../../entity-facts/row-changes.ts';

/** The duration of the fade, see `changed-cell` in globals.css. */
const markedMs = 2_400;

export interface RowMarks {
  readonly changes: RowChanges;
  /** Increases with each change, so that a cell that changes again is marked again. */
  readonly turn: number;
}

const noMarks: RowMarks = { changes: new Map(), turn: 0 };

/** The cells of a page that have just changed. Switching to another page, identified by `pageKey`, is not a change. */
export function useRowMarks(page: RowsPage | undefined, pageKey: string): RowMarks {
  const before = useRef<{ readonly page: RowsPage; readonly pageKey: string } | null>(null);
  const [marks, setMarks] = useState(noMarks);

  useEffect(() => {
    if (page === undefined) return;
    const known = before.current?.pageKey === pageKey ? before.current.page : undefined;
    before.current = { page, pageKey };
    const changes = changedCells(known, page);
    if (changes.size > 0) setMarks(({ turn }) => ({ changes, turn: turn + 1 }));
  }, [page, pageKey]);

  useEffect(() => {
    if (marks.changes.size === 0) return;
    const timer = setTimeout(() => setMarks(({ turn }) => ({ ...noMarks, turn })), markedMs);
    return () => clearTimeout(timer);
  }, [marks]);

  return marks;
}
