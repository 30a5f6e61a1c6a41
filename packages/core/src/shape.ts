import { z } from 'zod';
import { maskProblems, maskSchema } from './column-mask.ts';
import { parsePath } from './document/path.ts';
import { EmcachersError } from './emcachers-error.ts';
import { filterSchema } from './shape-filter.ts';

/**
 * The shape of an entity: the collection it copies and the columns it keeps.
 * The console's form, the tRPC and REST inputs and the engine all validate with this schema.
 */

/** Column types, as named in the console. `docs/glossary.md` defines what each keeps of a BSON value. */
export const columnTypes = ['JSONB', 'Any', 'Bool', 'Number', 'Integer', 'Text'] as const;
/** One of `columnTypes`. */
export type ColumnType = (typeof columnTypes)[number];

/** SQLite allows more columns; 500 keeps rows, forms and error messages manageable. */
export const columnCountMax = 500;
/** MongoDB limits a namespace to 255 bytes. */
const sourceNameBytesMax = 255;
const pathCharsMax = 1024;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;
const nameRule = 'Use 1 to 63 letters, digits and underscores, not starting with a digit.';

/** Names that the cache file uses itself. */
function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'metadata' || lower === 'doc_id' || lower.startsWith('sqlite_');
}

function pathProblem(path: string): string | null {
  try {
    parsePath(path);
    return null;
  } catch (error) {
    return error instanceof EmcachersError ? error.detail : String(error);
  }
}

const nameSchema = z
  .string()
  .regex(namePattern, nameRule)
  .refine(
    (name) => !isReserved(name),
    'This name is reserved: the cache file uses metadata, doc_id and names that start with sqlite_.',
  );

export const entityNameSchema = nameSchema;

/** What happens to a document with a value that a column cannot hold. */
export const refusalPolicies = ['null', 'dead-letter', 'fail'] as const;
/** One of `refusalPolicies`. */
export type RefusalPolicy = (typeof refusalPolicies)[number];

export const columnSchema = z.strictObject({
  name: nameSchema,
  type: z.enum(columnTypes, `Choose one of ${columnTypes.join(', ')}.`),
  /** Dotted path into the document; a segment that contains a dot is quoted: `totals."net.eur"`. `$` is the document. */
  path: z
    .string()
    .min(1, 'Enter the path of the field, for example customer.address.city.')
    .max(pathCharsMax, `A path can have at most ${pathCharsMax} characters.`)
    .superRefine((path, context) => {
      const problem = path === '' ? null : pathProblem(path);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    }),
  /**
   * `null` (the default) stores NULL and counts a coercion error; `dead-letter` keeps the document out of the cache;
   * `fail` fails the entity.
   */
  whenRefused: z.enum(refusalPolicies, `Choose one of ${refusalPolicies.join(', ')}.`).exactOptional(),
  /** What is kept instead of the value; absent: the value. */
  mask: maskSchema.exactOptional(),
});
/** A column of the cache file and the path that it is read from. */
export type Column = z.infer<typeof columnSchema>;

/** `database.collection`, split at the first dot; a collection name may contain more dots. */
export const sourceNameSchema = z.string().superRefine((name, context) => {
  const problem = sourceNameProblem(name);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const internalDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

function sourceNameProblem(name: string): string | null {
  const dot = name.indexOf('.');
  if (dot <= 0 || dot === name.length - 1) return 'Enter the source as database.collection.';
  if (new TextEncoder().encode(name).length > sourceNameBytesMax)
    return `A source name can have at most ${sourceNameBytesMax} bytes.`;
  if (/[/\\ "$\0]/.test(name.slice(0, dot))) return 'A MongoDB database name cannot contain / \\ " $ or a space.';
  if (name.includes('\0')) return 'A MongoDB collection name cannot contain NUL.';
  return unfollowedProblem(parseSourceName(name));
}

/** MongoDB's internal databases and collections have no change stream. */
function unfollowedProblem({ database, collection }: SourceName): string | null {
  if (internalDatabases.has(database)) return `MongoDB's own database ${database} has no change stream.`;
  if (collection.startsWith('system.')) return 'The system. collections of MongoDB have no change stream.';
  return null;
}

export const shapeSchema = z
  .strictObject({
    entityName: entityNameSchema,
    sourceName: sourceNameSchema,
    columns: z
      .array(columnSchema)
      .min(1, 'Add at least one column.')
      .max(columnCountMax, `An entity can have at most ${columnCountMax} columns.`),
    /** Only documents that match are copied; absent: all. A document that no longer matches is deleted from the cache. */
    where: filterSchema.optional(),
  })
  .superRefine((shape, context) => {
    const seen = new Map<string, number>();
    for (const [index, column] of shape.columns.entries()) {
      const first = seen.get(column.name.toLowerCase());
      if (first === undefined) {
        seen.set(column.name.toLowerCase(), index);
        continue;
      }
      context.addIssue({
        code: 'custom',
        path: ['columns', index, 'name'],
        message: `Column ${first + 1} already has this name; SQLite column names are case-insensitive.`,
      });
    }
    if (shape.columns.some(({ path }) => pathProblem(path) !== null)) return;
    for (const { index, part, message } of maskProblems(shape.columns))
      context.addIssue({ code: 'custom', path: ['columns', index, part], message });
  });

/** The stream of entities that name none. */
export const defaultStreamName = 'default';

/** The name of a stream; see `docs/glossary.md`. */
export const streamNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'Use 1 to 31 lower-case letters, digits and hyphens, starting with a letter.');

/** What an operator defines: `{ entityName, sourceName, columns[], where? }`. Immutable after creation. */
export type Shape = z.infer<typeof shapeSchema>;

/** The two parts of `database.collection`. */
export interface SourceName {
  readonly database: string;
  readonly collection: string;
}

/** Splits a valid source name; the database is everything before the first dot. */
export function parseSourceName(name: string): SourceName {
  const dot = name.indexOf('.');
  return { database: name.slice(0, dot), collection: name.slice(dot + 1) };
}
