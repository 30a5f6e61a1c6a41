/** Ingest between a real MongoDB and a real PostgreSQL, with the steps that its tests take. Used by tests only. */
import type { Log } from '@emcachers/core/log';
import { silentLog } from '@emcachers/core/log';
import type { Column } from '@emcachers/core/shape';
import { createEntity } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { createMongoServer, type MongoServer } from '@emcachers/mongo-embedded';
import { MongoClient } from 'mongodb';
import type { MongoSource } from '../../src/pipeline/change-source/change-source.ts';
import type { LastKey } from '../../src/pipeline/change-source/change-source-types.ts';
import { createMongoSource } from '../../src/pipeline/change-source/mongo-source.ts';
import { compileRoute, convertPage } from '../../src/pipeline/change-source/to-operation.ts';
import type { Ingest } from '../../src/pipeline/ingest/ingest.ts';
import { storedIngestEntities } from '../../src/pipeline/ingest/ingest-entities.ts';
import { createIngest } from '../../src/pipeline/ingest/ingest-loop.ts';
import type { IngestOptions } from '../../src/pipeline/ingest/ingest-options.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openTestOplog, replayed, type TestOplog } from './test-oplog.ts';

export const testColumns: readonly Column[] = [
  { name: 'n', type: 'Integer', path: 'n' },
  { name: 't', type: 'Text', path: 't' },
];

export interface RunningIngest extends AsyncDisposable {
  readonly ingest: Ingest;
  /** Stops it and waits for its end; rejects with what it failed with. Answers how long that took. */
  stop(): Promise<number>;
}

export interface IngestBench extends AsyncDisposable {
  readonly server: MongoServer;
  readonly url: string;
  readonly mongo: MongoClient;
  readonly source: MongoSource;
  readonly oplog: TestOplog;
  /** A pending entity of `shop.<name>`, or of another source. */
  create(name: string, sourceName?: string): Promise<EntityRecord>;
  refresh(name: string): Promise<void>;
  run(options?: Partial<IngestOptions>, source?: MongoSource): RunningIngest;
  /** Waits until the entity is live and every change made so far has reached the oplog. */
  settled(...names: string[]): Promise<void>;
  /** Rows by DocID: what the oplog says, and what the source says, by the same projection. */
  replayed(name: string): Promise<Map<string, string>>;
  projected(name: string): Promise<Map<string, string>>;
}

export async function openIngestBench(log: Log = silentLog): Promise<IngestBench> {
  const server = createMongoServer({ memory: true });
  const { url } = await server.start();
  const mongo = new MongoClient(url);
  const source = createMongoSource({ url, clock: systemClock, stream: { awaitMsMax: 50 } });
  const oplog = await openTestOplog();
  const running = new Set<RunningIngest>();
  const entity = (name: string): Promise<EntityRecord> => oplog.entity(name);
  return {
    server,
    url,
    mongo,
    source,
    oplog,
    create: (name, sourceName = `shop.${name}`) =>
      createEntity(oplog.database, { entityName: name, sourceName, columns: [...testColumns] }),
    refresh: async (name) => {
      await requestRefresh(oplog.database, { entityId: (await entity(name)).entityId, allowLargeSweep: false });
    },
    run: (options = {}, other = source) => {
      const started = runIngest({ source: other, oplog, log, options });
      running.add(started);
      return started;
    },
    settled: async (...names) => {
      for (const name of names) await until(async () => (await entity(name)).lifecycle === 'live');
      // A time of its own: several changes may share one, and a position of that time says nothing of the last of them.
      await mongo.db('elsewhere').collection('marker').insertOne({});
      const passed = await source.operationTime();
      await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed);
    },
    replayed: async (name) => oplog.replay((await entity(name)).entityId),
    projected: async (name) => projectionOf(source, await entity(name)),
    [Symbol.asyncDispose]: async () => {
      for (const each of running) await each[Symbol.asyncDispose]();
      await source.close();
      await mongo.close();
      await oplog[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

interface RunRequest {
  readonly source: MongoSource;
  readonly oplog: TestOplog;
  readonly log: Log;
  readonly options: Partial<IngestOptions>;
}

export function runIngest({ source, oplog, log, options }: RunRequest): RunningIngest {
  const stop = new AbortController();
  const ingest = createIngest({
    source,
    writer: oplog.writer,
    entities: storedIngestEntities(oplog.database, 1),
    clock: systemClock,
    log,
    // Almost no back-off: what is tested is what follows, not how long it takes.
    random: () => 0.01,
    options: { pollMs: 20, ...options },
  });
  const ended = ingest.run(stop.signal);
  ended.catch(() => undefined);
  const stopped = async (): Promise<number> => {
    const startMs = performance.now();
    stop.abort();
    await ended;
    return performance.now() - startMs;
  };
  return {
    ingest,
    stop: stopped,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  };
}

/** The rows that the source has now, by DocID. */
export async function projectionOf(source: MongoSource, entity: EntityRecord): Promise<Map<string, string>> {
  const route = compileRoute(entity);
  const rows = new Map<string, string>();
  let after: LastKey = { kind: 'none' };
  for (;;) {
    const page = await source.readPage({ namespace: route.namespace, after, limit: 5000, notBefore: 0n });
    replayed(convertPage(page.documents, route).conversion.items, rows);
    if (page.exhausted || page.lastKey === null) return rows;
    after = { kind: 'key', document: page.lastKey };
  }
}

/** Waits for a condition, looking again soon; gives up after `delayMsMax` with the last error or a timeout. */
export async function until(condition: () => Promise<boolean> | boolean, delayMsMax = 15_000): Promise<void> {
  const endMs = performance.now() + delayMsMax;
  while (performance.now() < endMs) {
    if (await condition()) return;
    await systemClock.sleep(10);
  }
  throw new Error(`The condition did not become true in ${delayMsMax} ms: ${condition.toString()}`);
}
