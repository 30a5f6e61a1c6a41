/**
 * Why a row is what it is: what MongoDB, the oplog and each node's cache say about one document, and a verdict out of a closed
 * list. The values are those of the entity's columns, projected, filtered and masked as ingest does it; nothing else of the
 * document is shown.
 */
import { z } from 'zod';

/** What can be said about a row, worst last. */
export const rowVerdicts = [
  'fresh',
  'masked',
  'filtered-out',
  'in-flight',
  'staged-by-scan',
  'unknown',
  'cache-behind',
  'dead-lettered',
  'source-changed-without-event',
  'cache-wrong',
] as const;
/** One of `rowVerdicts`. */
export type RowVerdict = (typeof rowVerdicts)[number];

/** What mends a row: the kind of a job, a wait, or nothing. */
export const rowActions = ['none', 'wait', 'resume', 'refreshDocuments', 'retry', 'repair', 'rebuild'] as const;
/** One of `rowActions`. */
export type RowAction = (typeof rowActions)[number];

/** The cells of a row. Long ones are cut for display; `digests` are of the whole cells, so that equal digests are equal cells. */
export const shownRowSchema = z.object({
  cells: z.array(z.string().nullable()),
  /** The numbers of the columns whose cells are cut, from 0. */
  cut: z.array(z.number().int()),
  digests: z.array(z.string()),
});
/** A row as an explanation compares and shows it. */
export type ShownRow = z.infer<typeof shownRowSchema>;

/** The rows of some documents in one snapshot of a published cache, by DocID. A document that is not listed has no row. */
export interface CachedRows {
  readonly offset: number;
  readonly rows: Readonly<Record<string, ShownRow>>;
}

const sourceSideSchema = z.object({
  /**
   * `found`: the document passes the filter and has a row. `outside`: it does not pass the filter. `refused`: it cannot become a
   * row. `unknown`: it could not be read.
   */
  state: z.enum(['found', 'absent', 'outside', 'refused', 'unknown']),
  row: shownRowSchema.nullable(),
  /** Why, for `refused` and `unknown`. */
  reason: z.string().nullable(),
});
/** What MongoDB says about the document. */
export type SourceSide = z.infer<typeof sourceSideSchema>;

const entrySchema = z.object({
  id: z.number().int(),
  operation: z.enum(['Upsert', 'Delete']),
  version: z.number().int(),
  createdAt: z.iso.datetime(),
});

const nodeSideSchema = z.object({
  nodeId: z.string(),
  state: z.enum(['level', 'behind', 'wrong', 'no-cache', 'silent']),
  offset: z.number().int().nullable(),
  row: shownRowSchema.nullable(),
  /** Names of the columns whose cells differ from the oplog's row. */
  differing: z.array(z.string()),
  /** Why, for `no-cache` and `silent`. */
  reason: z.string().nullable(),
});
/** What one node's cache says about the document. */
export type NodeSide = z.infer<typeof nodeSideSchema>;

export const rowExplanationSchema = z.object({
  docId: z.string(),
  verdict: z.enum(rowVerdicts),
  /** One sentence, or two. */
  reason: z.string(),
  action: z.enum(rowActions),
  /** What to do, in words. */
  nextStep: z.string(),
  columns: z.array(z.string()),
  /** Names of the columns that are masked. */
  masked: z.array(z.string()),
  /** Names of the columns in which the source and the oplog differ. */
  differing: z.array(z.string()),
  source: sourceSideSchema,
  /** The newest entries of the document, newest first. */
  entries: z.array(entrySchema),
  /** The row of the newest entry; null if there is none or it is a Delete. */
  oplogRow: shownRowSchema.nullable(),
  deadLetter: z.object({ errorCode: z.string(), error: z.string(), attempts: z.number().int() }).nullable(),
  nodes: z.array(nodeSideSchema),
});
/** The answer to “why is this row stale?” for one document. */
export type RowExplanation = z.infer<typeof rowExplanationSchema>;
