/**
 * Recognises a PostgreSQL that was restored from a backup: it has lost entries that a cache has applied and reuses their ids for
 * others. Every page carries the newest term of leadership; while it is the cache's own, nothing was restored. No entry serves
 * as proof, because compaction may remove any entry that a newer one supersedes.
 */
import type { OplogReader } from '../oplog/oplog.ts';
import type { OplogPage } from '../oplog/oplog-types.ts';
import type { EntityCache } from './entity-cache.ts';
import { type Outdated, outdatedBy } from './page-batches.ts';

/** `restored`: the cache must be rebuilt. `reread`: the page may be of another history than the one that was checked. */
export type PageHistory = 'same' | 'reread' | 'restored';

export const restoredMessage =
  'PostgreSQL was restored: entries that this cache has applied are no longer in the oplog.';

/**
 * Null if the cache can continue with the page as far as history id, head and horizon tell. An empty cache begins under the
 * page's horizon: from then on, only a higher one means that it has missed entries.
 */
export function checkPlace(cache: EntityCache, page: OplogPage): Outdated | null {
  const { entityId } = cache.entity;
  const { historyId } = cache.identity;
  if (cache.offset === 0) cache.horizon = page.horizons.get(entityId) ?? 0;
  return outdatedBy(page, { entityId, historyId, offset: cache.offset, horizon: cache.horizon });
}

/** Compares the page's term with the cache's, and adopts a new term if the cache's entries are still those of the oplog. */
export async function checkHistory(oplog: OplogReader, cache: EntityCache, page: OplogPage): Promise<PageHistory> {
  if (cache.offset === 0) cache.termId = page.termId;
  if (page.termId === cache.termId) return 'same';
  const adopted = await adoptNewestTerm(oplog, cache);
  if (!adopted) return 'restored';
  return page.termId === cache.termId ? 'same' : 'reread';
}

/** False if the cache has applied entries that the oplog no longer contains. */
export async function adoptNewestTerm(oplog: OplogReader, cache: EntityCache): Promise<boolean> {
  if (cache.offset === 0) return true;
  const { newestTermId, continues } = await oplog.checkTerm({
    streamId: cache.entity.streamId,
    termId: cache.termId,
    offset: cache.offset,
  });
  if (continues) cache.termId = newestTermId;
  return continues;
}
