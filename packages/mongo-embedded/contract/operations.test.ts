import { type Document, Long, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { type FreshDatabase, freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "$currentOp", "currentOp", "killOp".
const server = useServer();
const WAIT = { timeout: 20_000, interval: 10 };
const INTERRUPTED = 11601;

const numbered = (count: number): Item[] => Array.from({ length: count }, (_, n) => ({ _id: n, n }));

async function currentOps(match: Document): Promise<Document[]> {
  const stages = [{ $currentOp: {} }, { $match: match }];
  return server().client.db('admin').aggregate(stages).toArray();
}

/** The operation that matches, as soon as there is one. */
async function running(match: Document): Promise<Document> {
  let found: Document | undefined;
  await expect
    .poll(async () => {
      [found] = await currentOps(match);
      return found;
    }, WAIT)
    .toBeDefined();
  return found ?? {};
}

async function killOp(op: unknown): Promise<Document> {
  return server().client.db('admin').command({ killOp: 1, op });
}

/** Kills the operation that matches while `work` runs, and returns the code that `work` fails with. */
async function killed(match: Document, work: Promise<unknown>): Promise<unknown> {
  const outcome = work.then(
    () => 'completed',
    (error: unknown) => (error instanceof MongoServerError ? error.code : error),
  );
  const { opid } = await running(match);
  expect(await killOp(opid)).toMatchObject({ info: 'attempting to kill op', ok: 1 });
  const code = await outcome;
  expect(await currentOps(match)).toEqual([]);
  return code;
}

/** A pipeline that takes minutes if nobody ends it. */
const endless: Document[] = [
  { $lookup: { from: 'items', pipeline: [{ $match: { n: -1 } }], as: 'none' } },
  { $group: { _id: null, count: { $sum: { $size: '$none' } } } },
];

async function filled(scratch: FreshDatabase, count: number): Promise<void> {
  await scratch.items.insertMany(numbered(count));
}

describe('$currentOp and currentOp', () => {
  test('show each operation with its connection, namespace and command until it ends', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    await using stream = scratch.items.watch([], { maxAwaitTimeMS: 30_000 });
    const next = stream.next();
    const ns = scratch.items.namespace;
    const shown = await running({ ns, op: 'getmore' });
    expect(shown).toMatchObject({
      type: 'op',
      active: true,
      op: 'getmore',
      command: { collection: 'items', $db: scratch.name, maxTimeMS: 30_000 },
    });
    expect(shown['desc']).toBe(`conn${shown['connectionId']}`);
    expect(shown['client']).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(Number(shown['microsecs_running'])).toBeGreaterThan(0);
    expect(Number(shown['secs_running'])).toBeGreaterThanOrEqual(0);
    expect(shown).not.toHaveProperty('killPending');

    const admin = server().client.db('admin');
    const { inprog } = await admin.command({ currentOp: 1, ns, op: 'getmore' });
    expect(inprog.map(({ opid }: Document) => opid)).toEqual([shown['opid']]);
    expect((await admin.command({ currentOp: 1, ns, op: 'insert' }))['inprog']).toEqual([]);

    await scratch.items.insertOne({ _id: 2 });
    expect((await next).operationType).toBe('insert');
    expect(await currentOps({ opid: shown['opid'] })).toEqual([]);
  });

  test('show the operation that asks, with the comment of its command', async () => {
    const admin = server().client.db('admin');
    const shown = await admin.aggregate([{ $currentOp: {} }], { comment: 'who is there' }).toArray();
    const own = shown.filter(({ command }) => command['comment'] === 'who is there');
    expect(own).toMatchObject([{ op: 'command', ns: 'admin.$cmd.aggregate', command: { aggregate: 1 } }]);
    const { inprog } = await admin.command({ currentOp: 1 });
    expect(inprog.some(({ command }: Document) => command['currentOp'] === 1)).toBe(true);
  });
});

describe('killOp ends with Interrupted 11601', () => {
  test('an aggregate and a count in the middle of their work, and its connection goes on', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 20_000);
    const ns = scratch.items.namespace;
    expect(await killed({ ns }, scratch.items.aggregate(endless).toArray())).toBe(INTERRUPTED);
    const slow = { $expr: { $gt: [{ $size: { $range: [0, 2_000] } }, { $add: ['$n', 100_000] }] } };
    expect(await killed({ ns, 'command.count': 'items' }, scratch.db.command({ count: 'items', query: slow }))).toBe(
      INTERRUPTED,
    );
    expect(await scratch.items.countDocuments()).toBe(20_000);
  });

  test('a find, whose cursor is not opened', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 20_000);
    const slow = { $expr: { $gt: [{ $size: { $range: [0, 2_000] } }, { $add: ['$n', 100_000] }] } };
    const find = scratch.items.find(slow).toArray();
    expect(await killed({ ns: scratch.items.namespace, op: 'query' }, find)).toBe(INTERRUPTED);
  });

  test('the getMore of a change stream that waits, and its cursor', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    await using session = server().client.startSession();
    const stages = [{ $changeStream: {} }];
    const opened = await scratch.db.command(
      { aggregate: 'items', pipeline: stages, cursor: {} },
      { session, promoteLongs: false },
    );
    const getMore = { getMore: opened['cursor'].id, collection: 'items', maxTimeMS: 60_000 };
    const waiting = scratch.db.command(getMore, { session });
    expect(await killed({ ns: scratch.items.namespace, op: 'getmore' }, waiting)).toBe(INTERRUPTED);
    expect((await failureOf(scratch.db.command(getMore, { session }))).code).toBe(43);
  });

  test('an updateMany and a bulk of many statements, whose writes so far stay', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 40_000);
    const ns = scratch.items.namespace;
    expect(await killed({ ns, op: 'update' }, scratch.items.updateMany({}, { $set: { changed: 1 } }))).toBe(
      INTERRUPTED,
    );
    expect(await scratch.items.countDocuments({ changed: 1 })).toBeLessThan(40_000);
    const ops = numbered(40_000).map(({ _id }) => ({ update: 0, filter: { _id }, updateMods: { $set: { bulk: 1 } } }));
    const bulk = server()
      .client.db('admin')
      .command({ bulkWrite: 1, ops, nsInfo: [{ ns }] });
    expect(await killed({ 'command.bulkWrite': 1 }, bulk)).toBe(INTERRUPTED);
    expect(await scratch.items.countDocuments({ bulk: 1 })).toBeLessThan(40_000);
  });

  test('a write that waits for a transaction', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 1);
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.updateOne({ _id: 0 }, { $set: { held: true } }, { session });
    const waiting = scratch.items.updateOne({ _id: 0 }, { $set: { lost: true } });
    expect(await killed({ ns: scratch.items.namespace, op: 'update' }, waiting)).toBe(INTERRUPTED);
    await session.commitTransaction();
    expect(await scratch.items.findOne()).toEqual({ _id: 0, n: 0, held: true });
  });

  test('a statement of a transaction, which is aborted', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 20_000);
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.updateOne({ _id: 0 }, { $set: { changed: true } }, { session });
    const statement = scratch.items.aggregate(endless, { session }).toArray();
    expect(await killed({ ns: scratch.items.namespace, 'command.autocommit': false }, statement)).toBe(INTERRUPTED);
    expect((await failureOf(session.commitTransaction())).code).toBe(251);
    expect(await scratch.items.findOne({ _id: 0 })).toEqual({ _id: 0, n: 0 });
  });

  test('the build of an index, which is not left behind', async () => {
    await using scratch = freshDatabase(server().client);
    await filled(scratch, 40_000);
    const build = scratch.items.createIndex({ n: 1 });
    expect(await killed({ 'command.createIndexes': 'items' }, build)).toBe(INTERRUPTED);
    expect(await scratch.items.indexes()).toHaveLength(1);
  });
});

describe('killOp answers', () => {
  test('the same for a number that no operation has', async () => {
    for (const op of [0, -7, Long.fromNumber(2 ** 31 - 1)]) {
      expect(await killOp(op)).toMatchObject({ info: 'attempting to kill op', ok: 1 });
    }
  });

  test('with an error if the number is missing or none', async () => {
    const admin = server().client.db('admin');
    expect((await failureOf(admin.command({ killOp: 1 }))).code).toBe(4);
    expect((await failureOf(killOp('5'))).code).toBe(14);
    expect((await failureOf(killOp(Long.fromString('9000000000')))).code).toBe(26823);
  });
});
