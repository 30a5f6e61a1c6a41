import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '@emcachers/core/log';
import { createEntityList } from '@emcachers/db/control/entity-list';
import { reportOffsets } from '@emcachers/db/control/offset-reports';
import type { Database } from '@emcachers/db/database';
import { writeHeartbeat } from '@emcachers/db/fleet/node-heartbeat';
import Sqlite from 'better-sqlite3';
import { createOplogReader } from '../../src/pipeline/oplog/oplog-reader.ts';
import { createReplicator } from '../../src/pipeline/replicator/oplog-replicator.ts';
import type { EntityCacheStatus, Replicator } from '../../src/pipeline/replicator/replicator.ts';
import type { ReplicatorOptions } from '../../src/pipeline/replicator/replicator-options.ts';
import { storedSnapshots } from '../../src/pipeline/replicator/snapshot/stored-snapshots.ts';
import { storedVerifications } from '../../src/pipeline/replicator/verify/stored-verifications.ts';
import type { SnapshotLimits } from '../../src/pipeline/sqlite-cache/snapshot/snapshot-limits.ts';
import { openSnapshotStore } from '../../src/pipeline/sqlite-cache/snapshot/snapshot-store.ts';
import type { CacheStore } from '../../src/pipeline/sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../../src/pipeline/sqlite-cache/threaded-cache-store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { randomFrom } from './seeded-random.ts';

/** A directory that is removed with what is in it. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'emcachers-caches-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface RunningReplicator extends AsyncDisposable {
  readonly replicator: Replicator;
  status(entityName: string): EntityCacheStatus | undefined;
  /** Resolves when the cache is level and published at this offset or beyond; rejects with what it is instead after 20 s. */
  level(entityName: string, offset?: number): Promise<EntityCacheStatus>;
  until(what: string, condition: () => boolean): Promise<void>;
}

interface Parts {
  readonly database: Database;
  readonly dataDirectory: string;
  readonly log?: Log;
  /** Default `test`. */
  readonly nodeId?: string;
  readonly snapshots?: Partial<SnapshotLimits>;
  /** Opens another store than the usual one. */
  readonly openStore?: () => CacheStore;
}

/** A replicator, stopped when disposed. Its wake-ups are its polls alone, unless the test gives some. */
export async function startReplicator(
  parts: Parts,
  options: Partial<ReplicatorOptions> = {},
): Promise<RunningReplicator> {
  const { database, dataDirectory, log = silentLog, nodeId = 'test' } = parts;
  const openUsualStore = (): CacheStore => openCacheStore({ clock: systemClock, dataDirectory, graceMs: 200 });
  await writeHeartbeat(database.pool, { nodeId, roles: ['replicate'], host: 'test', startedAtMs: 0 });
  const stop = new AbortController();
  const replicator = createReplicator(
    {
      clock: systemClock,
      log,
      random: randomFrom(1),
      oplog: createOplogReader(database),
      entities: createEntityList(database),
      report: ({ changed }) =>
        reportOffsets(database, {
          nodeId,
          reports: changed.map(({ error, ...status }) => ({
            ...status,
            errorCode: error?.code ?? null,
            error: error?.message ?? null,
          })),
        }),
      verifications: storedVerifications(database, nodeId),
      snapshotRecords: storedSnapshots(database, nodeId),
      snapshots: openSnapshotStore({ freeBytesMin: 0, ...parts.snapshots, dataDirectory, nodeId }),
      openStore: parts.openStore ?? openUsualStore,
    },
    { pollMs: 50, tendMs: 50, reportMs: 100, ...options },
  );
  const ran = replicator.run(stop.signal);
  ran.catch(() => undefined);
  const status = (entityName: string): EntityCacheStatus | undefined =>
    replicator.status().find((each) => each.entityName === entityName);
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const deadline = systemClock.monotonicMs() + 20_000;
    while (!condition()) {
      if (systemClock.monotonicMs() > deadline)
        throw new Error(`Waited 20 s for: ${what}. The caches are ${JSON.stringify(replicator.status())}`);
      await systemClock.sleep(5);
    }
  };
  return {
    replicator,
    status,
    until,
    async level(entityName, offset = 0) {
      const isLevel = (): boolean => {
        const now = status(entityName);
        return now?.state === 'level' && (now.offset ?? -1) >= offset;
      };
      await until(`${entityName} is level at ${offset}`, isLevel);
      const reached = status(entityName);
      if (reached === undefined) throw new Error(`${entityName} went away.`);
      return reached;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ran;
    },
  };
}

/** The rows of a published cache by DocID, as an application reads them. */
export function cachedRows(dataDirectory: string, entityName: string): Map<string, Record<string, unknown>> {
  const cache = new Sqlite(join(dataDirectory, 'dbs', entityName, 'db.sqlite'), {
    readonly: true,
    fileMustExist: true,
  });
  try {
    const rows = cache.prepare<[], Record<string, unknown>>(`SELECT * FROM "${entityName}"`).all();
    return new Map(rows.map(({ doc_id: docId, ...row }) => [String(docId), row]));
  } finally {
    cache.close();
  }
}
