import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { SnapshotRecord } from '@emcachers/db/snapshot/snapshots';
import { z } from 'zod';
import { unknownEntity } from '../entity/unknown-entity.ts';

/** A snapshot that a node has, makes, or could not make. */
export const snapshotViewSchema = z.object({
  snapshotId: z.uuid(),
  nodeId: z.string(),
  state: z.enum(['requested', 'running', 'ready', 'failed', 'cancelled', 'deleting']),
  /** Of a file that is not complete yet. */
  copiedBytes: z.number().int(),
  /** The id of the last entry that it contains. This and what follows is null before the file is complete. */
  offset: z.number().int().nullable(),
  documents: z.number().int().nullable(),
  /** Every change at the source up to and including this cluster time is in it: an unsigned 64-bit number as text; null: unknown. */
  sourceTime: z.string().nullable(),
  bytes: z.number().int().nullable(),
  sha256: z.string().nullable(),
  madeAt: z.iso.datetime().nullable(),
  /** On the node. */
  path: z.string().nullable(),
  errorCode: z.string().nullable(),
  message: z.string().nullable(),
});
type SnapshotView = z.infer<typeof snapshotViewSchema>;

/** What an operator does with snapshots, beside the job that makes them. */
export interface SnapshotControl {
  /** Newest first. Throws EMC-5002 if there is no such entity. */
  list(entityName: string): Promise<SnapshotView[]>;
  /** Asks the node of the snapshot to delete it. False if the entity has none with this id. Throws EMC-5002 if there is no such entity. */
  remove(entityName: string, snapshotId: string): Promise<boolean>;
}

export interface SnapshotControlDependencies {
  readonly find: (entityName: string) => Promise<EntityRecord | null>;
  readonly snapshotsOf: (entityId: number) => Promise<readonly SnapshotRecord[]>;
  readonly requestDeletion: (snapshot: { entityId: number; snapshotId: string }) => Promise<boolean>;
}

export function createSnapshotControl(dependencies: SnapshotControlDependencies): SnapshotControl {
  const { find, snapshotsOf, requestDeletion } = dependencies;
  const idOf = async (entityName: string): Promise<number> => {
    const entity = await find(entityName);
    if (entity === null) throw unknownEntity(entityName);
    return entity.entityId;
  };
  return {
    list: async (entityName) => (await snapshotsOf(await idOf(entityName))).map(viewOf),
    remove: async (entityName, snapshotId) => requestDeletion({ entityId: await idOf(entityName), snapshotId }),
  };
}

function viewOf({ entityId: _, jobId: _job, manifest, ...record }: SnapshotRecord): SnapshotView {
  const {
    offset = null,
    documents = null,
    sourceTime = null,
    bytes = null,
    sha256 = null,
    madeAt = null,
  } = manifest ?? {};
  return { ...record, offset, documents, sourceTime, bytes, sha256, madeAt };
}
