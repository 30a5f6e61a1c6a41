import { z } from 'zod';

/**
 * Input fields shared by several operations. REST sends them as text in paths and queries, so numbers are parsed from
 * text.
 */

/** Accepts any text: a name that no entity can have gives EMC-5002, not EMC-5001. */
export const namedEntity = z.strictObject({ entityName: z.string().min(1).max(200) });
/** Rows or entries in one answer. The console shows fewer, and a larger answer would delay other requests. */
export const pageLimit = z.coerce.number<number>().int().min(1).max(500).default(50);
export const noInput = z.strictObject({});
export const jobStarted = z.object({ jobId: z.uuid() });
