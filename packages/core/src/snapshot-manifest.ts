import { z } from 'zod';

const count = z.int().min(0);
/** Ids and counters that PostgreSQL keeps in 32 bits. */
const small = z.int32().min(0);

/** The manifest of a snapshot: the JSON file beside it. */
export const snapshotManifestSchema = z.object({
  format: z.literal(1),
  snapshotId: z.uuid(),
  /** The node that made it. */
  nodeId: z.string(),
  entityId: small,
  entityName: z.string(),
  shapeHash: z.string(),
  /** The oplog history that the offset belongs to. */
  historyId: z.string(),
  /** The term of leadership under which its newest entries were read; null before the first. */
  termId: z.uuid().nullable(),
  /** How many rebuilds of the entity had been requested when its cache was built. */
  rebuild: small,
  /** The id of the last entry that it contains. */
  offset: count,
  /** The entity's horizon when its cache was at offset 0. */
  horizon: count,
  documents: count,
  /** Every change at the source up to and including this cluster time is in it, an unsigned 64-bit number; null: unknown. */
  sourceTime: z
    .string()
    .regex(/^\d{1,20}$/)
    .nullable(),
  /** Size of the file. */
  bytes: count,
  /** Of the file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.iso.datetime(),
});
/** What a snapshot is a copy of, and how to recognise that it is whole. */
export type SnapshotManifest = z.infer<typeof snapshotManifestSchema>;
