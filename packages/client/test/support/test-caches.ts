import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Column } from '@emcachers/core/shape';
import Sqlite from 'better-sqlite3';
import type { CacheIdentity } from '../../../../apps/engine/src/pipeline/sqlite-cache/cache-types.ts';
import type { CacheStore } from '../../../../apps/engine/src/pipeline/sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../../../../apps/engine/src/pipeline/sqlite-cache/threaded-cache-store.ts';
import { systemClock } from '../../../../apps/engine/src/runtime/clock.ts';
import { encodeRow } from '../../../../apps/engine/test/support/encode-row.ts';

/** The engine's own writer in a temporary data directory, driven by the test. */
export interface TestCaches extends AsyncDisposable {
  readonly dataDir: string;
  readonly store: CacheStore;
  /** Creates an entity's first generation without publishing it. */
  build(entityName: string): Promise<TestEntity>;
  /** Builds and publishes in one step. */
  publish(entityName: string, ...rows: readonly Row[]): Promise<TestEntity>;
}

export type Row = readonly [docId: string, n: number | bigint | null];

export interface TestEntity {
  readonly identity: CacheIdentity;
  readonly entityName: string;
  readonly link: string;
  /** Upserts the rows; null deletes one. Returns the offset. */
  apply(...rows: readonly Row[]): Promise<number>;
  publish(): Promise<void>;
  /** A new generation with the same rows in the place of the published one. */
  rebuild(...rows: readonly Row[]): Promise<void>;
  remove(): Promise<void>;
  /** Writes the source time as the engine does, beside the engine. */
  setSourceTime(time: bigint): void;
}

const columns: readonly Column[] = [
  { name: 'n', type: 'Integer', path: 'n' },
  { name: 't', type: 'Any', path: 't' },
];

export async function openTestCaches(
  options: { readonly graceMs?: number; readonly changesKept?: number } = {},
): Promise<TestCaches> {
  const dataDir = mkdtempSync(join(tmpdir(), 'emcachers-client-'));
  const store = openCacheStore({ clock: systemClock, dataDirectory: dataDir, ...options });
  let entityId = 0;
  const build = async (entityName: string): Promise<TestEntity> => {
    entityId += 1;
    const entity = new WrittenEntity({ dataDir, store, identity: identityOf(entityId, entityName) });
    await store.open(entity.identity);
    await store.build(entity.identity);
    return entity;
  };
  return {
    dataDir,
    store,
    build,
    async publish(entityName, ...rows) {
      const entity = await build(entityName);
      await entity.apply(...rows);
      await entity.publish();
      return entity;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function identityOf(entityId: number, entityName: string): CacheIdentity {
  return { entityId, entityName, columns, shapeHash: 'shape', historyId: 'history', rebuildRequested: 0 };
}

interface WrittenParts {
  readonly dataDir: string;
  readonly store: CacheStore;
  readonly identity: CacheIdentity;
}

class WrittenEntity implements TestEntity {
  readonly identity: CacheIdentity;
  readonly #dataDir: string;
  readonly #store: CacheStore;
  #offset = 0;

  constructor({ dataDir, store, identity }: WrittenParts) {
    this.identity = identity;
    this.#dataDir = dataDir;
    this.#store = store;
  }

  get entityName(): string {
    return this.identity.entityName;
  }

  get link(): string {
    return join(this.#dataDir, 'dbs', this.entityName, 'db.sqlite');
  }

  async apply(...rows: readonly Row[]): Promise<number> {
    const after = this.#offset;
    this.#offset += rows.length;
    await this.#store.apply(this.#batch(after, rows));
    return this.#offset;
  }

  /** Of an engine that does not know the source time; `setSourceTime` writes it. */
  #batch(after: number, rows: readonly Row[]) {
    const data = rows.map(([, n]) => (n === null ? null : encodeRow([n, `text ${n}`], ['Integer', 'Any'])));
    return {
      entityId: this.identity.entityId,
      after,
      docIds: rows.map(([docId]) => docId),
      data,
      offset: after + rows.length,
      version: 1,
      termId: null,
      horizon: 0,
      sourceTime: null,
    };
  }

  async publish(): Promise<void> {
    await this.#store.publish(this.identity.entityId);
  }

  async rebuild(...rows: readonly Row[]): Promise<void> {
    await this.#store.build(this.identity);
    this.#offset = 0;
    await this.apply(...rows);
    await this.publish();
  }

  async remove(): Promise<void> {
    await this.#store.remove(this.identity);
  }

  setSourceTime(time: bigint): void {
    const database = new Sqlite(this.link, { fileMustExist: true });
    database
      .prepare("INSERT INTO metadata VALUES ('source_time', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .run(String(time));
    database.close();
  }
}

/** Looks again every 2 ms, for at most 20 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited 20 s for: ${what}.`);
    await sleep(2);
  }
}
