import type { EntityView } from '@emcachers/core/api-views';

/** Totals of one node over all entities. */
export interface NodeFacts {
  readonly caches: number;
  readonly fileBytes: number | null;
  /** The largest lag of its caches; null if none is known. */
  readonly lagEntriesMax: number | null;
}

export function nodeFacts(entities: readonly EntityView[], nodeId: string): NodeFacts {
  const caches = entities.flatMap((entity) => entity.nodes.filter((node) => node.nodeId === nodeId));
  const bytes = caches.map((cache) => cache.fileBytes).filter((fileBytes) => fileBytes !== null);
  const lags = caches.map((cache) => cache.lagEntries).filter((lag) => lag !== null);
  return {
    caches: caches.length,
    fileBytes: bytes.length === 0 ? null : bytes.reduce((sum, fileBytes) => sum + fileBytes, 0),
    lagEntriesMax: lags.length === 0 ? null : Math.max(...lags),
  };
}
