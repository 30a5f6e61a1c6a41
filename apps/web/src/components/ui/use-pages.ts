import { parseAsInteger, useQueryState } from 'nuqs';
import { useState } from 'react';

export interface Pages {
  /** Null on the first page. */
  readonly before: number | null;
  /** Back to the first page, because the list is now another one. */
  readonly restart: () => void;
  /** What `PageBar` needs, given where the next page begins. */
  readonly bar: (next: number | null) => {
    readonly onFirst: (() => void) | null;
    readonly onPrevious: (() => void) | null;
    readonly onNext: (() => void) | null;
  };
}

/** The place in a list that is read newest first, page by page. It is in the address. */
export function usePages(): Pages {
  const [before, setBefore] = useQueryState('before', parseAsInteger);
  const [trail, setTrail] = useState<readonly (number | null)[]>([]);
  const go = (next: number | null, nextTrail: readonly (number | null)[]): void => {
    setTrail(nextTrail);
    void setBefore(next, { history: 'push' });
  };
  const previous = trail.at(-1);
  return {
    before,
    restart: () => {
      setTrail([]);
      void setBefore(null);
    },
    bar: (next) => ({
      onFirst: before === null ? null : () => go(null, []),
      onPrevious: previous === undefined ? null : () => go(previous, trail.slice(0, -1)),
      onNext: next === null ? null : () => go(next, [...trail, before]),
    }),
  };
}
