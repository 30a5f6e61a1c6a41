import { z } from 'zod';

/** What the leader found of MongoDB's own oplog. Times are MongoDB's. */
export const sourceOplogSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('known'),
    /** Of the oldest entry: a stream cannot resume before it. */
    oldestMs: z.number(),
    /** The server's time when it was asked. */
    newestMs: z.number(),
    /** Share of the size at which the oldest entries are removed, 0 to 1; null if the server does not tell. */
    filled: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('unknown'),
    /** Why, and what to grant, in one or two sentences. */
    reason: z.string(),
  }),
]);
/** Either its times, or why they are not known. */
export type SourceOplog = z.infer<typeof sourceOplogSchema>;

/** A look at MongoDB's oplog, its age at the time of the report, and the leader's limits, so that every node judges alike. */
const oplogLookSchema = z.object({
  oplog: sourceOplogSchema,
  ageMs: z.number(),
  limits: z.object({
    /** Less headroom is a warning, milliseconds. */
    warningMs: z.number(),
    /** Less is a fault, milliseconds. */
    criticalMs: z.number(),
  }),
});
/** What a look found, how old it is, and what it is judged by. */
export type OplogLook = z.infer<typeof oplogLookSchema>;

/** The leader's report on its change stream, saved with its heartbeat so that every node can show it. */
export const captureReportSchema = z.object({
  nodeId: z.string(),
  /** PostgreSQL's clock. */
  reportedAtMs: z.number(),
  streamOpen: z.boolean(),
  /** Age of MongoDB's newest reply at the time of the report; null before the first. */
  replyAgeMs: z.number().nullable(),
  /** Change events of watched collections since the leader process started. */
  changesTotal: z.number(),
  bufferedOperations: z.number(),
  bufferedBytes: z.number(),
  /** Why the stream is not being read, in one sentence. */
  error: z.string().nullable(),
  errorCode: z.string().nullable().default(null),
  mongo: z.object({ setName: z.string().nullable(), version: z.string() }).nullable(),
  /** Null before the first look. */
  sourceOplog: oplogLookSchema.nullable().default(null),
});
/** Durations are in milliseconds, times in milliseconds since 1970. */
export type CaptureReport = z.infer<typeof captureReportSchema>;
