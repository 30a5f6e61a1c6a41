import { randomUUID } from 'node:crypto';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  noCounts,
  openTestOplog,
  position,
  remove,
  replayed,
  type TestOplog,
  upsert,
} from '../../../../test/support/test-oplog.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { outdatedBy, pageEnd } from '../../replicator/page-batches.ts';
import type { OplogPage } from '../oplog-types.ts';
import { CompactionRun } from './compaction-run.ts';

/**
 * Appends, refreshes, compactions that may end after any chunk, and readers that read pages of any size, stay away, and are
 * given up, in any order. A copy of every entry that was ever appended says what is right.
 */
type Command =
  | { readonly kind: 'append'; readonly operations: readonly (readonly [document: number, isDelete: boolean])[] }
  | { readonly kind: 'refresh'; readonly documents: readonly number[]; readonly limit: number }
  | { readonly kind: 'begin-scan' }
  | {
      readonly kind: 'compact';
      readonly chunks: number;
      readonly slice: number;
      readonly gives: boolean;
      readonly tombstones: boolean;
    }
  | { readonly kind: 'read'; readonly reader: number; readonly rows: number; readonly apply: boolean }
  | { readonly kind: 'report'; readonly reader: number };

const reader = fc.nat({ max: 2 });
const document = fc.nat({ max: 5 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      operations: fc.array(fc.tuple(document, fc.boolean()), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      documents: fc.uniqueArray(document),
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('begin-scan' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      chunks: fc.integer({ min: 0, max: 6 }),
      slice: fc.integer({ min: 1, max: 12 }),
      gives: fc.boolean(),
      tombstones: fc.boolean(),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      reader,
      rows: fc.integer({ min: 1, max: 6 }),
      apply: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('report' as const), reader }) },
);

/** What a cache does with pages, in memory: the served rows stay until a new generation is level. */
class Reader {
  offset = 0;
  horizon = 0;
  rows = new Map<string, string>();
  isBuilding = true;
  rebuilds = 0;
  #ahead: OplogPage[] = [];

  get readTo(): number {
    const last = this.#ahead.at(-1);
    return last === undefined ? this.offset : pageEnd(last);
  }

  take(page: OplogPage): void {
    this.#ahead.push(page);
  }

  /** Applies the oldest page that was read; true if there was one. */
  apply(entityId: number): boolean {
    const page = this.#ahead.shift();
    if (page === undefined) return false;
    if (this.offset === 0) this.horizon = page.horizons.get(entityId) ?? 0;
    const { offset, horizon } = this;
    if (outdatedBy(page, { entityId, offset, horizon, historyId: page.historyId }) !== null) {
      this.#rebuild();
      return true;
    }
    replayed(page.entries, this.rows);
    this.offset = Math.max(this.offset, pageEnd(page));
    if (!page.full) this.isBuilding = false;
    return true;
  }

  #rebuild(): void {
    this.offset = 0;
    this.rows = new Map();
    this.isBuilding = true;
    this.rebuilds += 1;
    this.#ahead = [];
  }
}

class World {
  readonly #oplog: TestOplog;
  readonly #name: string;
  readonly #entityId: number;
  readonly #readers = [new Reader(), new Reader(), new Reader()];
  #value = 0;
  removed = 0;

  constructor(oplog: TestOplog, name: string, entityId: number) {
    this.#oplog = oplog;
    this.#name = name;
    this.#entityId = entityId;
  }

  get rebuilds(): number {
    return this.#readers.reduce((sum, each) => sum + each.rebuilds, 0);
  }

  async run(given: Command): Promise<void> {
    switch (given.kind) {
      case 'append':
        return this.#append(given.operations);
      case 'refresh':
        return this.#refresh(given.documents, given.limit);
      case 'begin-scan':
        return this.#beginScan();
      case 'compact':
        return this.#compact(given);
      case 'read':
        return this.#read(given);
      case 'report':
        return this.#report(given.reader);
    }
  }

  /** Every reader follows to the end, while the log is compacted as far as it can be. */
  async settle(): Promise<void> {
    const { lifecycle } = await this.#oplog.entity(this.#name);
    if (lifecycle !== 'live') await this.#refresh([1, 3], 2);
    for (const [index, each] of this.#readers.entries()) {
      await this.#compact({ chunks: 3, slice: 5, gives: true, tombstones: index > 0 });
      do await this.#read({ reader: index, rows: 3, apply: true });
      while (each.isBuilding || each.offset < (await this.#oplog.page()).head);
      expect(each.rows).toEqual(await this.#replayTo(each.offset));
    }
    await this.#compact({ chunks: 1_000, slice: 5, gives: true, tombstones: true });
  }

  async #append(operations: readonly (readonly [number, boolean])[]): Promise<void> {
    const items = operations.map(([document, isDelete]) => {
      this.#value += 1;
      const docId = `d${document}`;
      return isDelete ? remove(this.#entityId, docId) : upsert(this.#entityId, docId, String(this.#value));
    });
    await this.#oplog.append(...items);
  }

  async #beginScan(): Promise<void> {
    await requestRefresh(this.#oplog.database, { entityId: this.#entityId, allowLargeSweep: true });
    const { entityId, runId } = await this.#oplog.entity(this.#name);
    await this.#oplog.writer.beginScan({ entityId, runId, collectionUuid: randomUUID(), estimated: null });
  }

  /** Of a source that has these documents alone. */
  async #refresh(documents: readonly number[], limit: number): Promise<void> {
    await this.#beginScan();
    const { entityId, runId } = await this.#oplog.entity(this.#name);
    this.#value += 1;
    const operations = documents.map((each) => upsert(entityId, `d${each}`, String(this.#value)));
    const scan = { entityId, runId };
    const page = { ...scan, operations, deadLetters: [], counts: noCounts, lastKey: Buffer.from('key') };
    await this.#oplog.writer.appendScanPage(page);
    await this.#oplog.writer.finishScan({ ...scan, endTime: 0n });
    await this.#oplog.promote(this.#name, limit);
  }

  /** Ends after some chunks, as a killed leader would. `gives`: nothing is waited for. */
  async #compact(given: Omit<Extract<Command, { kind: 'compact' }>, 'kind'>): Promise<void> {
    const stop = new AbortController();
    let chunks = 0;
    const run = new CompactionRun(
      {
        database: this.#oplog.database,
        epoch: this.#oplog.epoch,
        clock: systemClock,
        options: {
          giveUpMs: given.gives ? 0 : 3_600_000,
          tombstoneMs: given.tombstones ? 0 : 3_600_000,
          entriesMin: 1,
          sliceEntriesMax: given.slice,
          chunkEntriesMax: 1,
          onStep: () => {
            chunks += 1;
            if (chunks > given.chunks) stop.abort();
          },
        },
      },
      this.#entityId,
      stop.signal,
    );
    const result = await run.run().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
      return { removed: 0 };
    });
    this.removed += result.removed;
  }

  async #read({ reader: index, rows, apply }: Omit<Extract<Command, { kind: 'read' }>, 'kind'>): Promise<void> {
    const each = this.#readers[index];
    if (each === undefined) return;
    const request = {
      streamId: 1,
      afterId: each.readTo,
      entityIds: [this.#entityId],
      limitRows: rows,
      limitBytes: 1_000_000,
    };
    each.take(await this.#oplog.reader.readPage(request));
    if (!apply) return;
    while (each.apply(this.#entityId))
      // Rows that are served are those of one place in the order, as if nothing had been removed.
      if (!each.isBuilding) expect(each.rows).toEqual(await this.#replayTo(each.offset));
  }

  async #report(index: number): Promise<void> {
    await this.#oplog.database.pool.query(
      `INSERT INTO node_offset (node_id, entity_id, offset_id, state) VALUES ($1, $2, $3, 'level')
       ON CONFLICT (node_id, entity_id) DO UPDATE SET offset_id = EXCLUDED.offset_id, moved_at = now()`,
      [`n${index}`, this.#entityId, this.#readers[index]?.offset ?? 0],
    );
  }

  async #replayTo(offset: number): Promise<Map<string, string>> {
    const answer = await this.#oplog.database.pool.query(
      `SELECT operation AS kind, doc_id AS "docId", data FROM oplog_copy WHERE entity_id = $1 AND id <= $2 ORDER BY id`,
      [this.#entityId, offset],
    );
    return replayed(answer.rows);
  }
}

/** An oplog with nodes n0, n1 and n2, and a copy of every entry that is ever appended to it. */
async function openCopiedOplog(): Promise<TestOplog> {
  const oplog = await openTestOplog();
  await oplog.database.pool.query(`
    CREATE TABLE oplog_copy (LIKE oplog);
    CREATE FUNCTION copy_entry() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO oplog_copy SELECT NEW.*; RETURN NULL; END $$;
    CREATE TRIGGER copy_entry AFTER INSERT ON oplog FOR EACH ROW EXECUTE FUNCTION copy_entry();
    INSERT INTO node (id, roles, host) SELECT 'n' || i, '{replicate}', 'test' FROM generate_series(0, 2) AS i`);
  await oplog.writer.savePosition(position(1));
  return oplog;
}

/** Of a test whose runs are counted, not timed: on a slow machine it must not prove less. */
const timeout = 600_000;

interface Runs {
  readonly numRuns: number;
  readonly toCommands: (commands: readonly Command[]) => readonly Command[];
  /** Run first. */
  readonly examples?: [Command[]][];
}

/** Runs lists of commands, each on an entity of its own. Answers what happened in all of them. */
async function runWorlds(
  oplog: TestOplog,
  { numRuns, toCommands, examples = [] }: Runs,
): Promise<{ removed: number; rebuilds: number }> {
  let turn = 0;
  const seen = { removed: 0, rebuilds: 0 };
  const property = fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 50 }), async (commands) => {
    turn += 1;
    const name = `e${turn}`;
    const { entityId } = await oplog.create(name);
    const world = new World(oplog, name, entityId);
    await oplog.scanToLive(name, ['d0', 'd1', 'd2']);
    for (const each of toCommands(commands)) await world.run(each);
    seen.rebuilds += world.rebuilds;
    await world.settle();
    seen.removed += world.removed;
  });
  await fc.assert(property, { numRuns, examples });
  return seen;
}

const readOne = (index: number): Command => ({ kind: 'read', reader: index, rows: 1, apply: false });

/** A build begins while a compaction that was interrupted has removed half of a slice; the rest, with Deletes, is removed before its next page. */
const overtaken: Command[] = [
  { kind: 'refresh', documents: [0, 3, 1], limit: 1 },
  { kind: 'refresh', documents: [], limit: 1 },
  { kind: 'report', reader: 0 },
  readOne(0),
  { kind: 'append', operations: [[0, false]] },
  { kind: 'compact', chunks: 1, slice: 11, gives: true, tombstones: false },
  { kind: 'append', operations: [[0, false]] },
  readOne(0),
  readOne(0),
  readOne(2),
  readOne(0),
];

test('I1, I3: for any sequence of appends, scans, compactions and reads, no reader misses a row or keeps a deleted one', {
  timeout,
}, async () => {
  await using oplog = await openCopiedOplog();
  const seen = await runWorlds(oplog, { numRuns: 60, toCommands: (commands) => commands, examples: [[overtaken]] });
  expect(seen.removed).toBeGreaterThan(100);
  expect(seen.rebuilds).toBeGreaterThan(5);
});

test('a reader that reports its offset, and is not given up, never has to start again', { timeout }, async () => {
  await using oplog = await openCopiedOplog();
  const readers = [0, 1, 2];
  const report = (index: number): Command => ({ kind: 'report', reader: index });
  // Reports may be late, as those of a node that has just started are early: what counts is that they are not ahead.
  const patiently = (each: Command): readonly Command[] =>
    each.kind === 'compact' ? [...readers.map(report), { ...each, gives: false }] : [each];
  const toCommands = (commands: readonly Command[]) => [...readers.map(report), ...commands.flatMap(patiently)];
  const seen = await runWorlds(oplog, { numRuns: 30, toCommands });
  expect(seen.removed).toBeGreaterThan(50);
  expect(seen.rebuilds).toBe(0);
});
