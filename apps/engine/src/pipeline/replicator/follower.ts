/**
 * Reads one sequence of pages for all level caches of a stream and passes each cache its part. Keeps I3 and I6: for every cache, pages
 * follow each other without a gap, starting at the lowest id that any cache has read, and parts are applied in order. A page
 * that is dropped before it is applied, because PostgreSQL does not answer, counts as not read.
 * Keeps I10: a part that fails suspends its cache only. Keeps I11: at most one page is read while another is applied.
 * Worst case: a page is read for a cache that is no longer level. Its part is dropped, because that cache will read again from
 * its file's offset.
 */
import type { Clock } from '@emcachers/core/clock';
import type { OplogReader } from '../oplog/oplog.ts';
import type { OplogPage } from '../oplog/oplog-types.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import type { CachePhase } from './cache-phase.ts';
import type { CachePlace, EntityCache } from './entity-cache.ts';
import { checkHistory, checkPlace, restoredMessage } from './history-check.ts';
import { type EntityEntries, entriesByEntity, pageEnd, sourceTimeAfter } from './page-batches.ts';

export interface FollowerDependencies {
  readonly clock: Clock;
  readonly oplog: OplogReader;
  readonly store: CacheStore;
  readonly streamId: number;
  /** Those of other streams are left alone. */
  readonly caches: () => Iterable<EntityCache>;
  readonly pageRowsMax: number;
  readonly pageBytesMax: number;
  /** Called when a cache may be ready for publication. */
  readonly onApplied: (cache: EntityCache) => void;
  /** Called when the source time of a cache moved of which the page had no entries. */
  readonly onSourceTime: () => void;
}

/** The caches that a page was read for. If a cache's phase is no longer the same object, it has left in the meantime. */
type Members = ReadonlyMap<EntityCache, CachePhase>;

interface GroupPage {
  readonly page: OplogPage;
  readonly members: Members;
}

export class Follower {
  readonly #dependencies: FollowerDependencies;
  #ahead: Promise<GroupPage> | null = null;

  constructor(dependencies: FollowerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Reads and applies one page. Returns false if nothing was left to read. Rejects if PostgreSQL does not answer. */
  async step(): Promise<boolean> {
    const ahead = this.#ahead ?? this.#read();
    this.#ahead = null;
    const group = await ahead;
    if (group === null) return false;
    await this.#dropOutdated(group);
    countAsRead(group);
    if (group.page.full) {
      this.#ahead = this.#read();
      // The rejection is handled in the next step; until then it must not count as unhandled.
      this.#ahead?.catch(() => undefined);
    }
    await this.#apply(group);
    return group.page.full;
  }

  /** Null if no cache of the stream is level. */
  #read(): Promise<GroupPage> | null {
    const { caches, oplog, streamId, pageRowsMax, pageBytesMax } = this.#dependencies;
    const members = new Map<EntityCache, CachePhase>();
    let afterId = Number.POSITIVE_INFINITY;
    for (const cache of caches()) {
      if (!cache.isLevel || cache.entity.streamId !== streamId) continue;
      members.set(cache, cache.phase);
      afterId = Math.min(afterId, cache.readTo);
    }
    if (members.size === 0) return null;
    const entityIds = [...new Set([...members.keys()].map(({ entity }) => entity.entityId))];
    return this.#readFor(
      members,
      oplog.readPage({ streamId, afterId, entityIds, limitRows: pageRowsMax, limitBytes: pageBytesMax }),
    );
  }

  async #readFor(members: Members, reading: Promise<OplogPage>): Promise<GroupPage> {
    return { page: await reading, members };
  }

  /** Afterwards the page may be applied to every member that is still present. */
  async #dropOutdated({ page, members }: GroupPage): Promise<void> {
    for (const cache of present(members)) {
      const outdated = checkPlace(cache, page);
      if (outdated !== null) cache.outdate(outdated);
      else if (cache.termId !== page.termId) await this.#checkHistory(cache, page);
    }
  }

  async #checkHistory(cache: EntityCache, page: OplogPage): Promise<void> {
    const { phase } = cache;
    const history = await checkHistory(this.#dependencies.oplog, cache, page);
    if (cache.phase !== phase) return;
    if (history === 'restored') cache.outdate({ code: 'EMC-3003', message: restoredMessage });
    if (history === 'reread') cache.handle({ kind: 'reread' });
  }

  async #apply({ page, members }: GroupPage): Promise<void> {
    const end = pageEnd(page);
    const byEntity = entriesByEntity(page.entries);
    const applying: Promise<void>[] = [];
    for (const cache of present(members)) {
      const { entityId } = cache.entity;
      const entries = byEntity.get(entityId);
      const sourceTime = sourceTimeAfter(page, entityId, cache.sourceTime);
      const place = { end, sourceTime, isAtHead: !page.full };
      if (entries !== undefined && entries.last.id > cache.offset) applying.push(this.#applyTo(cache, entries, place));
      else this.#advance(cache, place);
    }
    await Promise.all(applying);
  }

  async #applyTo(cache: EntityCache, entries: EntityEntries, place: CachePlace): Promise<void> {
    const { phase } = cache;
    const { store, clock } = this.#dependencies;
    try {
      const state = await store.apply(cache.batch(entries, Math.max(place.end, cache.offset), place.sourceTime));
      if (cache.phase !== phase) return;
      cache.applied(state, entries, clock.nowMs());
      this.#advance(cache, place);
    } catch (error) {
      if (cache.phase === phase) cache.fail(error);
    }
  }

  /** Only after the rows are applied: whatever is saved next must not be ahead of them. */
  #advance(cache: EntityCache, place: CachePlace): void {
    cache.advance(place);
    if (place.sourceTime !== cache.state?.sourceTime) this.#dependencies.onSourceTime();
    if (cache.isDue) this.#dependencies.onApplied(cache);
  }
}

/** Nothing may fail between this and the application of the page: the next page is read from here, so its entries would be missed. */
function countAsRead({ page, members }: GroupPage): void {
  const end = pageEnd(page);
  for (const cache of present(members)) cache.readTo = Math.max(cache.readTo, end);
}

function* present(members: Members): Iterable<EntityCache> {
  for (const [cache, phase] of members) if (cache.phase === phase) yield cache;
}
