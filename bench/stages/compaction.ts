import process from 'node:process';
import type { Operation } from '@emcachers/core/operation';
import { createEntity } from '@emcachers/db/control/entities';
import type { Database } from '@emcachers/db/database';
import {
  type CompactionOptions,
  CompactionRun,
} from '../../apps/engine/src/pipeline/oplog/compaction/compaction-run.ts';
import { createOplogWriter } from '../../apps/engine/src/pipeline/oplog/oplog-writer.ts';
import { systemClock } from '../../apps/engine/src/runtime/clock.ts';
import { openBenchDatabase } from '../support/bench-database.ts';
import { type Measurement, median } from '../support/measurement.ts';
import { sampleColumns } from '../support/sample-documents.ts';

const megabyte = 1024 * 1024;
const appendBatch = 500;
/** Length of one phase of appends, milliseconds. */
const phaseMs = 5_000;
const turnsMax = 8;
const options: CompactionOptions = { giveUpMs: 60_000, tombstoneMs: 0, entriesMin: 1 };

/**
 * Compacts an oplog of `entriesCount` entries of a tenth as many documents, a twentieth of them deleted, while another entity is
 * appended to. The append rate is measured in turns, with compaction and without, so that both see the same machine.
 */
export async function measureCompaction(entriesCount: number): Promise<Measurement[]> {
  await using opened = await openBenchDatabase();
  const { database } = opened;
  const entityId = await liveEntity(database, 'compacted');
  const appended = await liveEntity(database, 'appended');
  await fill(database, entityId, entriesCount);
  const before = await sizeOf(database, entityId);
  const run = await compactBesideAppends(database, { entityId, appended });
  const after = await sizeOf(database, entityId);
  return [
    { name: 'compaction: entries before', value: before.entries, unit: 'entries' },
    { name: 'compaction: entries after', value: after.entries, unit: 'entries' },
    { name: 'compaction: size before', value: before.bytes / megabyte, unit: 'MB' },
    { name: 'compaction: size after', value: after.bytes / megabyte, unit: 'MB' },
    { name: 'compaction: duration, partly beside appends', value: run.durationMs, unit: 'ms' },
    { name: 'compaction: resident memory, growth', value: run.memoryBytes / megabyte, unit: 'MB' },
    rateOf('append without compaction', run.quietRates),
    rateOf('append beside compaction', run.busyRates),
    { name: 'append: with / without', value: median(run.busyRates) / median(run.quietRates), unit: 'ratio' },
  ];
}

function rateOf(name: string, rates: readonly number[]): Measurement {
  return { name, value: median(rates), unit: 'ops/s', range: [Math.min(...rates), Math.max(...rates)] };
}

async function liveEntity(database: Database, entityName: string): Promise<number> {
  const shape = { entityName, sourceName: `bench.${entityName}`, columns: sampleColumns };
  const { entityId } = await createEntity(database, shape);
  await database.pool.query(`UPDATE entity SET lifecycle = 'live', route = 'oplog' WHERE id = $1`, [entityId]);
  return entityId;
}

const fillRows = 500_000;

/** Made by the server. Documents come in random order. */
async function fill(database: Database, entityId: number, entriesCount: number): Promise<void> {
  for (let from = 0; from < entriesCount; from += fillRows) {
    await database.pool.query(
      `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
       SELECT $1, CASE WHEN i % 20 = 0 THEN 'Delete' ELSE 'Upsert' END,
              '65a1f00d' || lpad(to_hex((hashint8(i) & 2147483647) % $2), 16, '0'),
              CASE WHEN i % 20 = 0 THEN NULL ELSE '[' || i || ',"shipped",129.5,"Reykjavik","[{\\"sku\\":\\"SKU-1\\",\\"quantity\\":2}]","2026-11-21T09:12:44.018Z"]' END,
              1, 0
         FROM generate_series($3::bigint, $4::bigint) AS i`,
      [entityId, Math.ceil(entriesCount / 10), from + 1, Math.min(from + fillRows, entriesCount)],
    );
  }
  await database.pool.query('UPDATE stream SET head = (SELECT last_value FROM oplog_id_seq)');
  await database.pool.query(`VACUUM ANALYZE oplog_e${entityId}`);
}

async function sizeOf(database: Database, entityId: number): Promise<{ entries: number; bytes: number }> {
  const answer = await database.pool.query<{ entries: number; bytes: number }>(
    `SELECT count(*) AS entries, pg_total_relation_size('oplog_e${entityId}') AS bytes FROM oplog_e${entityId}`,
  );
  return answer.rows[0] ?? { entries: 0, bytes: 0 };
}

interface Beside {
  readonly quietRates: number[];
  readonly busyRates: number[];
  readonly durationMs: number;
  /** The most that resident memory was above its level before. */
  readonly memoryBytes: number;
}

/** Takes turns: a phase of appends alone, in which the run pauses between two steps, and one beside it. The rest runs alone. */
async function compactBesideAppends(
  database: Database,
  { entityId, appended }: { entityId: number; appended: number },
): Promise<Beside> {
  const writer = createOplogWriter({ database, epoch: 0 });
  const append = () => appendUntil({ writer, entityId: appended, untilMs: performance.now() + phaseMs });
  await append();
  const quietRates = [await append()];
  const busyRates: number[] = [];
  const memoryBefore = process.memoryUsage.rss();
  let memoryMax = memoryBefore;
  const gate = createGate();
  const run = new CompactionRun(
    { database, epoch: 0, clock: gate.clock, options },
    entityId,
    new AbortController().signal,
  );
  const startedAt = performance.now();
  let quietMs = 0;
  let durationMs = 0;
  const compacting = run.run().finally(() => {
    durationMs = performance.now() - startedAt - quietMs;
  });
  for (let turn = 0; turn < turnsMax && durationMs === 0; turn += 1) {
    busyRates.push(await append());
    memoryMax = Math.max(memoryMax, process.memoryUsage.rss());
    await gate.close();
    const quietAt = performance.now();
    quietRates.push(await append());
    quietMs += performance.now() - quietAt;
    gate.open();
  }
  await compacting;
  memoryMax = Math.max(memoryMax, process.memoryUsage.rss());
  return { quietRates, busyRates, durationMs, memoryBytes: memoryMax - memoryBefore };
}

/** A clock whose sleeps do not end while the gate is closed. */
function createGate() {
  let opened = Promise.resolve();
  let open = (): void => undefined;
  let onSleep = (): void => undefined;
  return {
    clock: {
      ...systemClock,
      async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
        await systemClock.sleep(delayMs, signal);
        onSleep();
        await opened;
      },
    },
    /** Resolves once a sleep waits at the gate, or after ten seconds if none does. */
    async close(): Promise<void> {
      ({ promise: opened, resolve: open } = Promise.withResolvers<void>());
      const reached = Promise.withResolvers<void>();
      onSleep = reached.resolve;
      await Promise.race([reached.promise, systemClock.sleep(10_000)]);
    },
    open: () => open(),
  };
}

interface Appending {
  readonly writer: ReturnType<typeof createOplogWriter>;
  readonly entityId: number;
  readonly untilMs: number;
}

/** Returns entries per second. */
async function appendUntil({ writer, entityId, untilMs }: Appending): Promise<number> {
  const startedAt = performance.now();
  let entries = 0;
  while (performance.now() < untilMs) {
    const items = Array.from({ length: appendBatch }, (_, index) => upsert(entityId, entries + index));
    await writer.append({ items, deadLetters: [], columnCounts: [], position: null });
    entries += appendBatch;
  }
  return (entries / (performance.now() - startedAt)) * 1_000;
}

function upsert(entityId: number, index: number): Operation {
  return {
    kind: 'Upsert',
    entityId,
    docId: `document-${index}`,
    data: `[${index},"shipped",129.5,"Reykjavík","[{\\"sku\\":\\"SKU-1\\",\\"quantity\\":2}]","2026-11-21T09:12:44.018Z"]`,
    sourceTimeMs: 1_700_000_000_000,
  };
}
