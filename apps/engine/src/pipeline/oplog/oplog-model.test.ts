import type { OplogEntry } from '@emcachers/core/operation';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { type RereadStart, readRereadStart } from '@emcachers/db/statements/reread-documents';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  batch,
  noCounts,
  openTestOplog,
  position,
  remove,
  type TestOplog,
  upsert,
} from '../../../test/support/test-oplog.ts';
import type { AppendItem, StreamPosition } from './oplog-types.ts';

/**
 * A source collection with its change stream, an oplog that follows it, and an operator: whatever they do in whatever
 * order, the oplog's replay equals the source in the end, and no reader of a live entity sees a document go back.
 * Values are a counter of the whole source, so that going back is a smaller number.
 */
type Command =
  | { readonly kind: 'write'; readonly document: number }
  | { readonly kind: 'delete'; readonly document: number }
  | { readonly kind: 'deliver'; readonly changes: number }
  | { readonly kind: 'scan'; readonly documents: number }
  | { readonly kind: 'promote'; readonly limit: number }
  | { readonly kind: 'reread'; readonly documents: number }
  | { readonly kind: 'settle' | 'refresh' | 'drop' | 'replace' | 'lose-token' };

const documents = fc.nat({ max: 5 });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('write' as const), document: documents }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), document: documents }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), changes: fc.integer({ min: 1, max: 8 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('scan' as const), documents: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('reread' as const), documents: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('promote' as const), limit: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'refresh' as const, 'refresh' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('drop' as const, 'replace' as const, 'lose-token' as const) }),
  },
);

interface SourceChange {
  readonly time: number;
  readonly change: 'drop' | 'replace' | { readonly docId: string; readonly value: number | null };
}

/** A page of a scan, with the documents as they were when it was read. */
interface ReadPage {
  readonly runId: string;
  readonly readTime: number;
  readonly values: readonly (readonly [docId: string, value: number])[];
}

/** Documents that a partial refresh has read; null is one that the source no longer has. */
interface Reread {
  readonly start: RereadStart;
  readonly readTime: number;
  readonly values: readonly (readonly [docId: string, value: number | null])[];
}

class World {
  readonly #oplog: TestOplog;
  readonly #name: string;
  readonly #source = new Map<string, number>();
  #changes: SourceChange[] = [];
  #time: number;
  /** Read, and not yet appended. */
  #page: ReadPage | null = null;
  #reread: Reread | null = null;

  constructor(oplog: TestOplog, name: string, time: number) {
    this.#oplog = oplog;
    this.#name = name;
    this.#time = time;
  }

  get time(): number {
    return this.#time;
  }

  async run(given: Command): Promise<void> {
    switch (given.kind) {
      case 'write':
        this.#change(`d${given.document}`, this.#time + 1);
        return;
      case 'delete':
        if (this.#source.has(`d${given.document}`)) this.#change(`d${given.document}`, null);
        return;
      case 'drop':
      case 'replace':
        this.#source.clear();
        this.#time += 1;
        this.#changes.push({ time: this.#time, change: given.kind });
        return;
      case 'deliver':
        return this.#deliver(given.changes);
      case 'scan':
        return this.#scan(given.documents);
      case 'promote':
        return this.#promote(given.limit);
      case 'reread':
        return this.#readAgain(given.documents);
      case 'settle':
        return this.settle();
      case 'refresh': {
        const { entityId } = await this.#oplog.entity(this.#name);
        await requestRefresh(this.#oplog.database, { entityId, allowLargeSweep: false });
        return;
      }
      case 'lose-token':
        await this.#oplog.writer.resetPosition({ reason: 'lost', errorCode: 'EMC-2003' });
        this.#changes = [];
        await this.#oplog.writer.savePosition(await this.#position(this.#time));
        return;
    }
  }

  /** The source falls quiet; everything goes on until the entity is live and the stream is read to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 200; turn += 1) {
      await this.#deliver(1_000);
      await this.#scan(3);
      await this.#promote(4);
      if ((await this.#oplog.entity(this.#name)).lifecycle === 'live') return;
    }
    throw new Error('It never became live.');
  }

  expected(): Map<string, string> {
    return new Map([...this.#source].map(([docId, value]) => [docId, String(value)]));
  }

  #change(docId: string, value: number | null): void {
    this.#time += 1;
    if (value === null) this.#source.delete(docId);
    else this.#source.set(docId, value);
    this.#changes.push({ time: this.#time, change: { docId, value } });
  }

  /** Events carry the document as it was, the harder case: what a lookup brings is never older than that. */
  async #deliver(count: number): Promise<void> {
    const { entityId: id } = await this.#oplog.entity(this.#name);
    const delivered = this.#changes.splice(0, count);
    const items = delivered.map(({ change }): AppendItem => {
      if (change === 'drop') return { kind: 'Truncate', entityId: id };
      if (change === 'replace') return { kind: 'Rescan', entityId: id, reason: 'replaced' };
      return change.value === null ? remove(id, change.docId) : upsert(id, change.docId, String(change.value));
    });
    const time = this.#changes.length === 0 ? this.#time : (delivered.at(-1)?.time ?? 0);
    if (items.length > 0 || this.#changes.length === 0)
      await this.#oplog.writer.append(batch(items, await this.#position(time)));
  }

  async #scan(count: number): Promise<void> {
    const { entityId, runId, lifecycle, scan, route } = await this.#oplog.entity(this.#name);
    const { writer } = this.#oplog;
    if (lifecycle === 'pending') await writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    if (lifecycle !== 'pending' && lifecycle !== 'scanning') return;
    if (this.#page?.runId !== runId) this.#page = null;
    const page = this.#page ?? this.#readPage(runId, { after: scan.lastKey, count });
    const last = page.values.at(-1);
    if (last === undefined) {
      await writer.finishScan({ entityId, runId, endTime: BigInt(this.#time) });
      return;
    }
    // A refresh waits until the stream has passed the time of the page; see `ingest-scan.ts`.
    this.#page = page;
    if (route === 'oplog' && this.#changes.some(({ time }) => time <= page.readTime)) return;
    this.#page = null;
    await writer.appendScanPage({
      entityId,
      runId,
      operations: page.values.map(([docId, value]) => upsert(entityId, docId, String(value))),
      deadLetters: [],
      counts: noCounts,
      lastKey: Buffer.from(last[0]),
    });
  }

  /** Reads the first documents again, or writes what was read once the stream has passed it; see `reread.ts`. */
  async #readAgain(count: number): Promise<void> {
    const { entityId } = await this.#oplog.entity(this.#name);
    if (this.#reread === null) {
      const start = await readRereadStart(this.#oplog.database.pool, entityId);
      if (start === null) throw new Error('The entity does not exist.');
      const docIds = Array.from({ length: count }, (_, document) => `d${document}`);
      const values = docIds.map((docId) => [docId, this.#source.get(docId) ?? null] as const);
      this.#reread = { start, readTime: this.#time, values };
      return;
    }
    const { start, readTime, values } = this.#reread;
    if (this.#changes.some(({ time }) => time <= readTime)) return;
    this.#reread = null;
    const operations = values.map(([docId, value]) =>
      value === null ? remove(entityId, docId) : upsert(entityId, docId, String(value)),
    );
    await this.#oplog.writer.appendReread({ start, operations, deadLetters: [], counts: noCounts });
  }

  #readPage(runId: string, { after, count }: { after: Uint8Array | null; count: number }): ReadPage {
    const lastKey = after === null ? '' : Buffer.from(after).toString();
    const found = [...this.#source].filter(([docId]) => docId > lastKey);
    const values = found.toSorted(([left], [right]) => (left < right ? -1 : 1)).slice(0, count);
    return { runId, readTime: this.#time, values };
  }

  async #promote(limit: number): Promise<void> {
    const { entityId, runId } = await this.#oplog.entity(this.#name);
    const { writer } = this.#oplog;
    const { kind } = await writer.promoteChunk({ entityId, runId, limit });
    if (kind === 'unproven') await writer.proveScan({ entityId, runId, lookedUp: 0, found: [], time: 0n });
  }

  async #position(time: number): Promise<StreamPosition> {
    return position(time, (await this.#oplog.writer.readPosition()).version);
  }
}

/** Values of each document as a cache sees them that was built when the entity first became live. */
function expectNoStepBack(entries: readonly OplogEntry[], liveFromId: number): void {
  const newest = new Map<string, number>();
  for (const entry of entries) {
    const value = entry.kind === 'Delete' ? null : Number(entry.data);
    if (value === null) continue;
    if (entry.id > liveFromId)
      expect(value, `${entry.docId} at ${entry.id}`).toBeGreaterThanOrEqual(newest.get(entry.docId) ?? 0);
    newest.set(entry.docId, value);
  }
}

interface Sequences {
  readonly of: fc.Arbitrary<Command>;
  readonly numRuns: number;
  /** Run before the random ones. */
  readonly examples?: [Command[]][];
}

/** Of a test whose runs are counted, not timed: on a slow machine it must not prove less. */
const timeout = 600_000;

/** Runs sequences of commands, each on an entity of its own. */
async function checkSequences({ of, numRuns, examples = [] }: Sequences): Promise<void> {
  await using oplog = await openTestOplog();
  let turn = 0;
  let time = 1;
  await oplog.writer.savePosition(position(time));
  const property = fc.asyncProperty(fc.array(of, { minLength: 10, maxLength: 60 }), async (commands) => {
    turn += 1;
    const name = `e${turn}`;
    const { entityId: id } = await oplog.create(name);
    const world = new World(oplog, name, time);
    try {
      // Live from the start: what a reader may not see can only be seen where there are readers.
      await world.settle();
      for (const each of commands) await world.run(each);
      await world.settle();
    } finally {
      time = world.time;
    }
    expect(await oplog.replay(id)).toEqual(world.expected());
    const { liveFromId } = await oplog.entity(name);
    expectNoStepBack((await oplog.page(id)).entries, liveFromId ?? 0);
  });
  await fc.assert(property, { numRuns, examples });
}

test('I1, I6, I7: for any sequence of operations the oplog converges to its source and nothing moves backwards', {
  timeout,
}, async () => {
  await checkSequences({ of: command, numRuns: 40 });
});

test('I1, I6: partial refreshes between changes, drops and whole refreshes move nothing backwards', {
  timeout,
}, async () => {
  const document = fc.nat({ max: 1 });
  const documents = fc.constant(2);
  const often = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('write' as const, 'delete' as const), document }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), changes: fc.constantFrom(1, 8) }) },
    { weight: 9, arbitrary: fc.record({ kind: fc.constant('reread' as const), documents }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('scan' as const), documents }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('promote' as const), limit: fc.constant(6) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom('refresh' as const, 'drop' as const, 'replace' as const) }),
    },
  );
  const reread = { kind: 'reread', documents: 2 } as const;
  const deliver = { kind: 'deliver', changes: 8 } as const;
  const write = { kind: 'write', document: 0 } as const;
  // The source is replaced, or a document changes, between the reading of a document and its writing.
  const examples: [Command[]][] = [
    [[write, deliver, reread, { kind: 'replace' }, deliver, reread]],
    [[write, deliver, reread, write, deliver, reread]],
  ];
  await checkSequences({ of: often, numRuns: 40, examples });
});
