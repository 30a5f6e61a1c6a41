/**
 * Runs the caches in threads. Each entity belongs to one thread, so that its calls stay in order and its file has one writer.
 * `cache-shelf.ts` keeps I5, I8 and I11 in each thread. No call reaches a thread while the lock of the data directory is lost. Worst case: a thread dies in the middle of a transaction, which SQLite
 * rolls back; see `thread-caller.ts`.
 */
import { resolve } from 'node:path';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { countGenerations } from './cache-paths.ts';
import { type CacheStoreLimits, cacheStoreDefaults } from './cache-store-limits.ts';
import type {
  CacheFinding,
  CacheIdentity,
  CacheState,
  CacheTrouble,
  DocumentCount,
  IndexedCache,
  RemovalTrouble,
  RowComparison,
} from './cache-types.ts';
import { LockGuard } from './lock-guard.ts';
import { openFilesMax } from './open-files.ts';
import { readRows, readWholeRows } from './read-rows.ts';
import type { CacheStore } from './sqlite-cache.ts';
import { assertSqliteVersion } from './sqlite-version.ts';
import { changeIndexesInThread, checkInThread, ThreadCaller } from './thread-caller.ts';
import type { IndexOptions, ShelfCall } from './thread-protocol.ts';

export interface CacheStoreOptions extends Partial<CacheStoreLimits> {
  readonly clock: Clock;
  /** Caches are stored in its `dbs` directory. */
  readonly dataDirectory: string;
  /** Files open at once in each thread. The default depends on the descriptors that the system grants. */
  readonly openFilesMax?: number;
}

function filesOfThread(options: CacheStoreOptions, threads: number): number {
  return options.openFilesMax ?? Math.max(1, Math.floor(openFilesMax() / threads));
}

/** Locks the data directory. Throws EMC-1003 if another engine holds it, EMC-1001 if SQLite is too old. */
export function openCacheStore(options: CacheStoreOptions): CacheStore {
  const { clock, threads, idleMs, graceMs, changesKept } = { ...cacheStoreDefaults, ...options };
  const dataDirectory = resolve(options.dataDirectory);
  assertSqliteVersion();
  const limits = { idleMs, graceMs, changesKept, openFilesMax: filesOfThread(options, threads) };
  const shelf = { kind: 'shelf', dataDirectory, ...limits } as const;
  const callers = Array.from({ length: Math.max(1, threads) }, () => new ThreadCaller(shelf));
  const files = new Map<number, string>();
  const callerOf = (entityId: number): ThreadCaller => callerFor(callers, entityId);
  const closeThreads = async (): Promise<void> => {
    await Promise.all(callers.map((caller) => caller.close(clock.monotonicMs())));
  };
  const guard = new LockGuard(dataDirectory, closeThreads);
  // The thread replies with the return value of the shelf's method of the same name.
  const call = async <Value>(caller: ThreadCaller, shelfCall: ShelfCall): Promise<Value> => {
    if (!guard.isHeld) await guard.require();
    return (await caller.call({ nowMs: clock.monotonicMs(), call: shelfCall })) as Value;
  };
  const created = async ({ entityId }: CacheIdentity, shelfCall: ShelfCall): Promise<CacheState> => {
    const state = await call<CacheState>(callerOf(entityId), shelfCall);
    files.set(entityId, state.file);
    return state;
  };

  return {
    async open(identity) {
      const caller = callerOf(identity.entityId);
      const finding = await call<CacheFinding>(caller, { name: 'open', argument: identity });
      if (finding.kind === 'present') files.set(identity.entityId, finding.state.file);
      return finding;
    },
    openServed: (identity) => call(callerOf(identity.entityId), { name: 'openServed', argument: identity }),
    build: (identity) => created(identity, { name: 'build', argument: identity }),
    prepare: (identity) => call(callerOf(identity.entityId), { name: 'prepare', argument: identity }),
    adopt: (adopted) => created(adopted.identity, { name: 'adopt', argument: adopted }),
    apply: (batch) => call<CacheState>(callerOf(batch.entityId), { name: 'apply', argument: batch }),
    publish: (entityId) => call<CacheState>(callerOf(entityId), { name: 'publish', argument: entityId }),
    changeIndexes: (identity, declared) =>
      changeIndexesOf({ identity, declared }, (name) =>
        call(callerOf(identity.entityId), { name, argument: identity.entityId }),
      ),
    async tend() {
      const all = callers.map((caller) => call<readonly CacheTrouble[]>(caller, { name: 'tend', argument: null }));
      return (await Promise.all(all)).flat();
    },
    async check(entityId, { thorough }) {
      const path = files.get(entityId);
      if (path !== undefined) await checkInThread({ path, entityId, thorough });
    },
    compare: (expected) => call<RowComparison>(callerOf(expected.entityId), { name: 'compare', argument: expected }),
    count: (entityId) => call<DocumentCount>(callerOf(entityId), { name: 'count', argument: entityId }),
    mend: (rows) => call<CacheState>(callerOf(rows.entityId), { name: 'mend', argument: rows }),
    release(fileId) {
      files.delete(fileId);
      return call<CacheState | null>(callerOf(fileId), { name: 'release', argument: fileId });
    },
    async remove(entity) {
      files.delete(entity.entityId);
      await call(callerOf(entity.entityId), { name: 'remove', argument: entity });
    },
    removeOthers: (keep) => call<readonly RemovalTrouble[]>(callerOf(0), { name: 'removeOthers', argument: keep }),
    countGenerations: (entityName) => countGenerations(dataDirectory, entityName),
    readRows: (request) => readRows(dataDirectory, request),
    readWholeRows: (request) => readWholeRows(dataDirectory, request),
    async close() {
      await closeThreads();
      guard.release();
    },
  };
}

/** Always the same for one entity. */
function callerFor(callers: readonly ThreadCaller[], entityId: number): ThreadCaller {
  const caller = callers[Math.abs(entityId) % callers.length];
  if (caller === undefined) throw new EmcachersError({ code: 'EMC-5999', detail: 'No cache thread is configured.' });
  return caller;
}

/** The file is closed in its own thread while another one changes its indexes. */
async function changeIndexesOf(
  change: Omit<IndexOptions, 'kind' | 'path'>,
  call: <Value>(name: 'setAside' | 'resume') => Promise<Value>,
): Promise<IndexedCache> {
  const path = await call<string>('setAside');
  const failures = await changeIndexesInThread({ ...change, path });
  return { state: await call<CacheState>('resume'), failures };
}
