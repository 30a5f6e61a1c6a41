import type { ProvedShape, Rows } from './expected-rows.ts';

const shownMax = 10;

/** What is wrong with the cache, a few rows of it; empty if it equals its source. */
export function differences(
  expected: Rows,
  actual: Rows,
  { columns }: Pick<ProvedShape, 'columns'>,
): readonly string[] {
  const found: string[] = [];
  for (const [docId, cells] of expected) {
    const held = actual.get(docId);
    if (held === undefined) found.push(`missing ${docId}`);
    else
      found.push(
        ...columns.flatMap(({ name }, index) => differentCell(`${docId}, ${name}`, cells[index], held[index])),
      );
  }
  for (const docId of actual.keys()) if (!expected.has(docId)) found.push(`extra ${docId}`);
  return found.length <= shownMax ? found : [...found.slice(0, shownMax), `and ${found.length - shownMax} more`];
}

function differentCell(place: string, expected: string | undefined, actual: string | undefined): readonly string[] {
  return expected === actual ? [] : [`different ${place}: ${actual} instead of ${expected}`];
}
