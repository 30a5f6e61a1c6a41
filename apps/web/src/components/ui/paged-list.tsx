import type { ReactNode } from 'react';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { PageBar } from './page-bar.tsx';
import { Trouble } from './trouble.tsx';
import type { Pages } from './use-pages.ts';

interface PagedListProps {
  /** The engine's answer for the page that is shown. */
  readonly answer: {
    readonly data: { readonly entries: readonly unknown[]; readonly next: number | null } | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly pages: Pages;
  /** Said above the error if the engine refuses. */
  readonly troubleTitle: string;
  /** Shown if the whole list is empty. */
  readonly empty: string;
  /** The table. */
  readonly children: ReactNode;
}

/** A list that is read page by page: its table and the buttons that turn the pages, or why there is none. */
export function PagedList({ answer: { data, error, refetch }, pages, troubleTitle, empty, children }: PagedListProps) {
  if (data === undefined && error !== null)
    return (
      <div className="p-4">
        <Trouble error={engineErrorOf(error)} title={troubleTitle} onRetry={() => void refetch()} />
      </div>
    );
  if (data?.entries.length === 0 && pages.before === null)
    return <p className="px-4 py-10 text-center text-ink-2">{empty}</p>;
  return (
    <>
      {children}
      <PageBar {...pages.bar(data?.next ?? null)} />
    </>
  );
}
