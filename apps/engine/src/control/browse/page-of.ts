/** A page of records with ascending ids, newest first; `next` is null on the last one. */
export interface Page<View> {
  readonly entries: View[];
  readonly next: number | null;
}

/** `found`: one record more than the page holds, if there is one. */
export function pageOf<Row extends { readonly id: number }, View>(
  found: readonly Row[],
  limit: number,
  viewOf: (row: Row) => View,
): Page<View> {
  const shown = found.slice(0, limit);
  return { entries: shown.map(viewOf), next: found.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
