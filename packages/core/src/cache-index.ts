import { z } from 'zod';
import type { FieldProblem } from './emcachers-error.ts';
import type { Column } from './shape.ts';

/**
 * Indexes that an entity's cache files have beside the key. They are no part of the shape: each node builds and drops them in its
 * own file, without a scan and without a new file.
 */

/** Each index makes every write slower and the file larger. */
export const indexCountMax = 8;
export const indexColumnCountMax = 4;

const noUnique =
  'An index of a cache cannot be unique: SQLite would refuse rows that MongoDB has. Declare a unique index in MongoDB.';

/** One index: columns of the shape, the most selective one first. */
export const cacheIndexSchema = z.strictObject(
  {
    columns: z
      .array(z.string())
      .min(1, 'Name at least one column.')
      .max(indexColumnCountMax, `An index can have at most ${indexColumnCountMax} columns.`),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys' && issue.keys?.includes('unique') === true ? noUnique : undefined,
  },
);
/** One declared index: its columns, in order. */
export type CacheIndex = z.infer<typeof cacheIndexSchema>;

export const cacheIndexesSchema = z
  .array(cacheIndexSchema)
  .max(indexCountMax, `An entity can have at most ${indexCountMax} indexes.`);

/** What is wrong with the indexes of an entity with these columns, each with its place in the list. SQLite ignores case. */
export function indexProblems(indexes: readonly CacheIndex[], columns: readonly Column[]): FieldProblem[] {
  const known = new Set(columns.map(({ name }) => name.toLowerCase()));
  const seen = new Map<string, number>();
  return indexes.flatMap((index, place) => {
    const lower = index.columns.map((name) => name.toLowerCase());
    const problems = lower.flatMap((name, at) =>
      columnProblem(known, lower, at).map((message) => ({ name, at, message })),
    );
    const found = problems.map(({ at, message }) => ({ path: [place, 'columns', at], message }));
    const first = seen.get(lower.join());
    if (first !== undefined)
      found.push({ path: [place, 'columns', 0], message: `Index ${first + 1} has the same columns.` });
    seen.set(lower.join(), first ?? place);
    return found;
  });
}

function columnProblem(known: ReadonlySet<string>, names: readonly string[], at: number): string[] {
  const name = names[at] ?? '';
  if (!known.has(name)) return ['The entity has no column of this name. doc_id has an index already.'];
  return names.indexOf(name) < at ? ['The index has this column already.'] : [];
}

/** The same indexes with the names of the columns spelt as in the shape. */
export function normalIndexes(indexes: readonly CacheIndex[], columns: readonly Column[]): CacheIndex[] {
  const spelling = new Map(columns.map(({ name }) => [name.toLowerCase(), name]));
  return indexes.map((index) => ({ columns: index.columns.map((name) => spelling.get(name.toLowerCase()) ?? name) }));
}

/** No table or column has such a name, so it is clear which indexes of a file are the engine's. */
const namePrefix = 'emc:';

/** The name of the index in the file, as `EXPLAIN QUERY PLAN` shows it: `emc:customer,status`. */
export function indexName({ columns }: CacheIndex): string {
  return `${namePrefix}${columns.join()}`;
}

/** True for the name of an index that the engine has made. */
export function isIndexName(name: string): boolean {
  return name.startsWith(namePrefix);
}
