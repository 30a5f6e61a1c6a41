import { z } from 'zod';

/** `waiting`: the file is not complete yet, or another index of the node is being built. */
export const indexStates = ['waiting', 'building', 'ready', 'failed'] as const;

/** What a node says of one declared index of its cache file. */
export const indexReportSchema = z.object({
  columns: z.array(z.string()),
  state: z.enum(indexStates),
  /** Why the last attempt failed (EMC-4007); null if none has. */
  reason: z.string().nullable(),
});
/** As the schema. */
export type IndexReport = z.infer<typeof indexReportSchema>;
