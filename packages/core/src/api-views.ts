import { z } from 'zod';
import { indexStates } from './index-report.ts';
import { columnSchema, columnTypes } from './shape.ts';
import { storedFilterSchema } from './shape-filter.ts';

/**
 * What the engine returns to the console, REST clients and the CLI. Times are ISO 8601 UTC strings, durations have
 * their unit in the name, oplog ids are safe integers, and an unknown value is null, never 0.
 */

export const activities = ['pending', 'scanning', 'catching-up', 'live', 'paused', 'failed', 'deleting'] as const;
export const healths = ['ok', 'degraded', 'failed', 'unknown'] as const;
export const activitySchema = z.enum(activities);
export const healthSchema = z.enum(healths);
/** What an entity is doing. */
export type Activity = z.infer<typeof activitySchema>;
/** Health of an entity, a node or a stage; `unknown` if no recent report exists. */
export type Health = z.infer<typeof healthSchema>;

export const scanViewSchema = z.object({
  /** Documents read by the current or last scan. */
  scanned: z.number().int(),
  /** MongoDB's estimate of the collection's size when the scan began; null if unknown. */
  estimated: z.number().int().nullable(),
  ratePerSecond: z.number().nullable(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** Live entries in staging, held back until the scan is complete. */
  staged: z.number().int().nullable(),
});

export const oplogSizeViewSchema = z.object({
  /** Entries of the entity; a lower bound if very many are not compacted yet. Null before the leader has counted them. */
  entries: z.number().int().nullable(),
  /** Entries beyond one for each document: superseded ones and Deletes, which compaction can remove. */
  superseded: z.number().int().nullable(),
  /** On PostgreSQL's disk, with indexes. Space that compaction freed is reused and stays counted. */
  bytes: z.number().int().nullable(),
  /** A reader that is not at 0 cannot continue from a lower offset. 0 if nothing was removed yet. */
  horizon: z.number().int(),
  /** Entries removed since the entity was created. */
  removed: z.number().int(),
  compactedAt: z.iso.datetime().nullable(),
  /** The node whose cache compaction waits for; null if it waits for none. */
  heldBy: z.string().nullable(),
});

export const entityNodeViewSchema = z.object({
  nodeId: z.string(),
  health: healthSchema,
  offset: z.number().int().nullable(),
  lagEntries: z.number().int().nullable(),
  /** Age of the oldest entry this node has not applied; 0 when level. */
  lagMs: z.number().nullable(),
  documents: z.number().int().nullable(),
  fileBytes: z.number().int().nullable(),
  generation: z.number().int().nullable(),
  lastAppliedAt: z.iso.datetime().nullable(),
  /** When this node last reported; a late report makes its health `unknown`. */
  reportedAt: z.iso.datetime(),
  errorCode: z.string().nullable(),
  error: z.string().nullable(),
});

export const indexViewSchema = z.object({
  columns: z.array(z.string()),
  /** Of each node that reports: `unknown` if its report is late. */
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      state: z.enum([...indexStates, 'unknown']),
      /** Why the last attempt failed; null if none has. */
      reason: z.string().nullable(),
    }),
  ),
});

export const entityViewSchema = z.object({
  entityName: z.string(),
  sourceName: z.string(),
  /** The stream that feeds it. */
  stream: z.string(),
  columns: z.array(columnSchema),
  /** Indexes of the cache files beside the key. */
  indexes: z.array(indexViewSchema),
  /** In canonical Extended JSON; null if every document is copied. */
  where: storedFilterSchema.nullable(),
  version: z.number().int(),
  activity: activitySchema,
  health: healthSchema,
  /** One sentence for the operator if health is not ok, else null. */
  reason: z.string().nullable(),
  /** When the current activity began. */
  since: z.iso.datetime(),
  /** Rows in this node's cache; null before the first complete scan. */
  documents: z.number().int().nullable(),
  /** The lowest offset of all reporting nodes. */
  offset: z.number().int().nullable(),
  /** Newest oplog id of this entity. */
  head: z.number().int().nullable(),
  lagEntries: z.number().int().nullable(),
  /** How old what the slowest reporting node lacks may be: the sum of both hops. It grows while nothing can arrive. */
  lagMs: z.number().nullable(),
  lagByHop: z.object({
    /** From MongoDB to the oplog: 0 while the stream answers and nothing waits, otherwise the time since its last answer. */
    captureMs: z.number().nullable(),
    /** From the oplog to the slowest cache: age of its oldest entry that is not applied. */
    applyMs: z.number().nullable(),
  }),
  /** Source time of the newest change that every reporting node has applied; when idle, the time of the stream's position. */
  freshAsOf: z.iso.datetime().nullable(),
  /** Changes applied per second over the last ten seconds. */
  ratePerSecond: z.number().nullable(),
  /** Changes applied per second, 60 points of 5 s, oldest first. */
  rateHistory: z.array(z.number()),
  deadLetters: z.number().int(),
  coercionErrors: z.number().int(),
  /** Documents outside of the filter that were read since the newest scan began: each one at each of its changes. */
  filteredOut: z.number().int(),
  /**
   * Per column, since the newest scan began: documents in which its path met a value, and values that its type could not hold. Counted
   * at each write, so a document that changes is counted again: not the rows that are affected now.
   */
  columnCounts: z.array(z.object({ name: z.string(), met: z.number().int(), coercionErrors: z.number().int() })),
  /** What an operator should check although it is no failure, one sentence each: for example a path that met nothing. */
  warnings: z.array(z.string()),
  scan: scanViewSchema,
  oplog: oplogSizeViewSchema,
  nodes: z.array(entityNodeViewSchema),
  createdAt: z.iso.datetime(),
  /** Absolute path of the cache file on the responding node; null if that node has no cache of this entity. */
  cachePath: z.string().nullable(),
});
/** One entity with its scan, its lag and its caches. */
export type EntityView = z.infer<typeof entityViewSchema>;
/** One node's cache of an entity. */
export type EntityNodeView = z.infer<typeof entityNodeViewSchema>;
/** A declared index and what became of it on each node. */
export type IndexView = z.infer<typeof indexViewSchema>;
/** Size and compaction of an entity's oplog. */
export type OplogSizeView = z.infer<typeof oplogSizeViewSchema>;
/** Progress of the current or last scan. */
export type ScanView = z.infer<typeof scanViewSchema>;

/** One stage of the pipeline strip: MongoDB → change source → channel → oplog → replicators → caches. */
export const stageViewSchema = z.object({
  stage: z.enum(['mongodb', 'change-source', 'channel', 'oplog', 'replicator', 'sqlite-cache']),
  health: healthSchema,
  /** The stage's main figure: a number without separators, or a short text such as the replica set's name. */
  figure: z.union([z.number(), z.string()]).nullable(),
  unit: z.string(),
  /** One line that supports the health shown. */
  evidence: z.string(),
});
/** One stage of the pipeline strip. */
export type StageView = z.infer<typeof stageViewSchema>;

/** A part of ingest with a leader and a position of its own. */
const streamViewSchema = z.object({
  stream: z.string(),
  /** Null while no node leads it. */
  leader: z.object({ nodeId: z.string(), epoch: z.number().int() }).nullable(),
  health: healthSchema,
  /** One sentence for the operator if health is not ok, else null. */
  reason: z.string().nullable(),
});

export const nodeViewSchema = z.object({
  nodeId: z.string(),
  roles: z.array(z.string()),
  /** It leads at least one stream. */
  isLeader: z.boolean(),
  health: healthSchema,
  startedAt: z.iso.datetime(),
  heartbeatAt: z.iso.datetime(),
  /** When the node stopped in good order; null while it runs, and for one that went silent. */
  leftAt: z.iso.datetime().nullable(),
});
/** One engine process. */
export type NodeView = z.infer<typeof nodeViewSchema>;

export const sourceOplogViewSchema = z.object({
  /** `unknown` if the engine may not read what it takes; `reason` then names the privilege to grant. */
  level: z.enum(['ok', 'warning', 'critical', 'unknown']),
  /** From MongoDB's oldest oplog entry to its time now. */
  windowMs: z.number().nullable(),
  /** How far the saved position of the stream is behind MongoDB's time. */
  behindMs: z.number().nullable(),
  /** How long the stream may stand still, at today's rate of changes, before its position is lost. */
  headroomMs: z.number().nullable(),
  /** In one or two sentences, unless the level is ok. */
  reason: z.string().nullable(),
});
/** MongoDB's own oplog and the place of the change stream in it. */
export type SourceOplogView = z.infer<typeof sourceOplogViewSchema>;

export const fleetViewSchema = z.object({
  health: healthSchema,
  /** The page's first sentence, for example "3 of 3 entities are live and fresh." */
  sentence: z.string(),
  /** What this means for application data and what to do, for example "Nothing to do." */
  detail: z.string(),
  stages: z.array(stageViewSchema),
  sourceOplog: sourceOplogViewSchema,
  entities: z.array(entityViewSchema),
  nodes: z.array(nodeViewSchema),
  /** The leader of the default stream. */
  leader: z.object({ nodeId: z.string(), epoch: z.number().int() }).nullable(),
  /** The default stream, and those that have entities. */
  streams: z.array(streamViewSchema),
  /** Jobs that are queued or running. */
  activeJobs: z.number().int(),
  /** Changes whenever a listed job changes, so that a page knows when to list the jobs again. */
  jobsRevision: z.string(),
  incidents: z.object({
    /** Incidents that are open. */
    open: z.number().int(),
    /** Those of them that no operator has acknowledged. */
    unacknowledged: z.number().int(),
    /** Changes whenever an incident is opened, acknowledged or closed, so that a page knows when to list them again. */
    revision: z.string(),
  }),
  /** When the engine sampled this state. */
  at: z.iso.datetime(),
});
/** Everything that the overview shows, sampled at one moment. */
export type FleetView = z.infer<typeof fleetViewSchema>;

export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export const jobViewSchema = z.object({
  jobId: z.uuid(),
  /** A name in the engine's table of job kinds. A record may be older than the table. */
  kind: z.string(),
  entityName: z.string(),
  status: z.enum(jobStatuses),
  /** What the job is doing or has done, in one sentence. */
  message: z.string().nullable(),
  errorCode: z.string().nullable(),
  /** Of the request that asked for the job, as in the log and in the audit; null if the engine asked. */
  correlationId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** How often it was begun; more than 1 if earlier attempts failed by a fault that passes. */
  attempts: z.number().int(),
  /** When a queued job is tried again after such a fault; null if it waits for nothing. */
  retryAt: z.iso.datetime().nullable(),
});
/** One accepted action and its progress. */
export type JobView = z.infer<typeof jobViewSchema>;
/** Status of a job. The last three are final. */
export type JobStatus = JobView['status'];

export const oplogEntryViewSchema = z.object({
  id: z.number().int(),
  operation: z.enum(['Upsert', 'Delete']),
  docId: z.string(),
  version: z.number().int(),
  createdAt: z.iso.datetime(),
  /** The projected row as the batch oplog API writes it, as JSON text truncated at 2 KB; null for a Delete. */
  preview: z.string().nullable(),
  previewCut: z.boolean(),
});
/** One oplog entry, for display. */
export type OplogEntryView = z.infer<typeof oplogEntryViewSchema>;

/** A page of a cache's rows, paged by doc_id. Cells are text so that numbers keep all their digits. */
export const rowsPageSchema = z.object({
  columns: z.array(z.string()),
  /** A cell of more than 2,048 characters is cut there; `cut` has the numbers of those columns, from 0. */
  rows: z.array(z.object({ docId: z.string(), cells: z.array(z.string().nullable()), cut: z.array(z.number().int()) })),
  /** Pass as `after` for the next page; null on the last page. */
  next: z.string().nullable(),
  total: z.number().int().nullable(),
  offset: z.number().int().nullable(),
});
/** A page of rows; pass its last doc_id to read the next. */
export type RowsPage = z.infer<typeof rowsPageSchema>;

export const sourceCollectionViewSchema = z.object({
  sourceName: z.string(),
  /** MongoDB's estimate; null if unavailable. */
  estimatedDocuments: z.number().int().nullable(),
  /** Names of the entities that already copy this collection. */
  entities: z.array(z.string()),
});
/** A collection that an entity can copy. */
export type SourceCollectionView = z.infer<typeof sourceCollectionViewSchema>;

/** Paths found in a sample of the source, most frequent first, for the form's suggestions. */
export const samplePathViewSchema = z.object({
  path: z.string(),
  /** Fraction of the sampled documents that have the path, 0 to 1. */
  presence: z.number(),
  /** BSON type names, each with its fraction of the values found. */
  types: z.array(z.object({ type: z.string(), share: z.number() })),
  suggestedType: z.enum(columnTypes),
  example: z.string().nullable(),
});
export const sampleViewSchema = z.object({ sampled: z.number().int(), paths: z.array(samplePathViewSchema) });
/** Paths found in a sample of a collection. */
export type SampleView = z.infer<typeof sampleViewSchema>;

/** Rows that the engine's projection produces from sampled documents for a draft shape. */
export const previewViewSchema = z.object({
  sampled: z.number().int(),
  /** Sampled documents that the filter lets through; what follows is about them. */
  matched: z.number().int(),
  rows: z.array(z.object({ docId: z.string(), cells: z.array(z.string().nullable()) })),
  /** Per column: how many sampled documents have the path, and how many values the type could not hold. */
  columns: z.array(
    z.object({
      name: z.string(),
      found: z.number().int(),
      refused: z.number().int(),
      /** Documents of which the type could not hold the value, a few of them. */
      refusedDocIds: z.array(z.string()),
    }),
  ),
});
/** Rows that a draft shape would produce. */
export type PreviewView = z.infer<typeof previewViewSchema>;

/** RFC 9457 problem document. `errors` lists the invalid fields with their paths in the input. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  hint: z.string().nullable(),
  correlationId: z.string(),
  errors: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).optional(),
});
/** Body of every error response. */
export type Problem = z.infer<typeof problemSchema>;
