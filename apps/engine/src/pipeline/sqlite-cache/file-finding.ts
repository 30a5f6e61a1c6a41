/** What a file that was found says about itself, held against the entity that it should be the cache of. Pure. */
import type { CacheFile } from './cache-file.ts';
import type { CachePaths } from './cache-paths.ts';
import type { CacheFinding, CacheIdentity } from './cache-types.ts';

type Unusable = Extract<CacheFinding, { kind: 'unusable' }>;

export function findingWithoutFile(paths: CachePaths): CacheFinding {
  if (paths.published() === null) return { kind: 'absent' };
  return { kind: 'unusable', reason: 'The published file is missing.', code: 'EMC-4001' };
}

/** Compares within the same oplog, because ids of different oplogs are unrelated. */
export function isOfAnotherEntity({ metadata }: CacheFile, identity: CacheIdentity): boolean {
  return metadata.historyId === identity.historyId && metadata.entityId !== identity.entityId;
}

/** Why an undamaged file cannot continue as this entity's cache; null if it can. */
export function misfit(file: CacheFile, identity: CacheIdentity): Unusable | null {
  const { entityId, shapeHash, historyId, rebuild } = file.metadata;
  if (entityId !== identity.entityId || shapeHash !== identity.shapeHash)
    return { kind: 'unusable', reason: 'The file has a different shape.', code: null };
  if (historyId !== identity.historyId)
    return { kind: 'unusable', reason: 'The file follows a different oplog history.', code: 'EMC-3003' };
  if (rebuild < identity.rebuildRequested) return { kind: 'unusable', reason: 'A rebuild was requested.', code: null };
  return null;
}

/** A file under another generation's name was put there by hand; its reader would take it for the generation of the name. */
export function misnamed({ metadata, path }: CacheFile, generation: number): Unusable | null {
  if (metadata.generation === generation) return null;
  return { kind: 'unusable', reason: `${path} is a copy of generation ${metadata.generation}.`, code: 'EMC-4001' };
}
