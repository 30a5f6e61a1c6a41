import { z } from 'zod';

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
  mongo: z.object({ setName: z.string().nullable(), version: z.string() }).nullable(),
});
/** Durations are in milliseconds, times in milliseconds since 1970. */
export type CaptureReport = z.infer<typeof captureReportSchema>;
