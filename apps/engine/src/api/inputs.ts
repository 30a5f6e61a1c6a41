import { z } from 'zod';

/** Fields that several operations take. REST sends them as text in paths and queries, so numbers are read from text too. */

/** Any text: a name that no entity can have is not found, rather than wrong. */
export const namedEntity = z.strictObject({ entityName: z.string().min(1).max(200) });
/** Rows or entries of one answer; the console shows fewer, and a larger answer would delay the others. */
export const pageLimit = z.coerce.number<number>().int().min(1).max(500).default(50);
export const noInput = z.strictObject({});
export const jobStarted = z.object({ jobId: z.uuid() });
