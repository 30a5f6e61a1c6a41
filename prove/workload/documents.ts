/** Writers that change documents at random, side by side, while everything else goes wrong. */
import type { AnyBulkWriteOperation, ClientSession, Collection, Document, Filter, MongoClient } from 'mongodb';
import { transfer } from './bank.ts';
import { collectionNames, databaseName } from './collections.ts';
import type { Dice } from './dice.ts';
import { anyFields, anyId, anyUpdate } from './values.ts';

export interface Tally {
  /** Operations on single documents, by kind. */
  readonly counts: Map<string, number>;
  /** Grows with every write of the run, in the order in which writers take it. */
  rev: number;
  /** By rev: the newest rev of the run when the write ended. Absent while it goes on. */
  readonly endedAt: Map<number, number>;
}

/**
 * True if the source had the one rev before the other. Writers side by side take their revs in one order and may be served in
 * another, so only a write that ended before the other began came first.
 */
export function cameFirst({ endedAt }: Pick<Tally, 'endedAt'>, rev: number, other: number): boolean {
  return (endedAt.get(rev) ?? Number.POSITIVE_INFINITY) < other;
}

export interface Writing {
  readonly mongo: MongoClient;
  readonly dice: Dice;
  readonly tally: Tally;
}

interface Kind {
  readonly name: string;
  readonly weight: number;
  /** Resolves with the number of operations on documents. */
  readonly run: (writing: Writing, collection: Collection<Document>) => Promise<number>;
}

const kinds: readonly Kind[] = [
  { name: 'insert', weight: 10, run: insertMany },
  { name: 'replace', weight: 20, run: single((writing) => ({ replaceOne: replacement(writing) })) },
  { name: 'update', weight: 30, run: single((writing) => ({ updateOne: update(writing) })) },
  { name: 'delete', weight: 15, run: single(({ dice }) => ({ deleteOne: { filter: byId(dice) } })) },
  { name: 'bulk', weight: 15, run: bulk },
  { name: 'transaction', weight: 6, run: transaction },
  { name: 'transfer', weight: 8, run: ({ mongo, dice, tally }) => transferOnce(mongo, dice, nextRev(tally)) },
  { name: 'update many', weight: 2, run: updateMany },
  { name: 'delete many', weight: 1, run: deleteMany },
  { name: 'drop', weight: 0.15, run: drop },
  { name: 'rename', weight: 0.15, run: rename },
];

/** Makes one change, of one document or of several. */
export async function changeOnce(writing: Writing): Promise<void> {
  const { mongo, dice, tally } = writing;
  const kind = dice.weighted(kinds);
  const collection = mongo.db(databaseName).collection<Document>(dice.pick(collectionNames));
  const before = tally.rev;
  const running = kind.run(writing, collection);
  // A change takes all of its revs before it first waits.
  const last = tally.rev;
  const operations = await running;
  for (let rev = before + 1; rev <= last; rev += 1) tally.endedAt.set(rev, tally.rev);
  tally.counts.set(kind.name, (tally.counts.get(kind.name) ?? 0) + operations);
}

function nextRev(tally: Tally): number {
  tally.rev += 1;
  return tally.rev;
}

function byId(dice: Dice): Filter<Document> {
  return { _id: anyId(dice) } as Filter<Document>;
}

function replacement({ dice, tally }: Writing) {
  return { filter: byId(dice), replacement: anyFields(dice, nextRev(tally)), upsert: true };
}

function update({ dice, tally }: Writing) {
  return { filter: byId(dice), update: anyUpdate(dice, nextRev(tally)), upsert: dice.chance(0.3) };
}

type Operation = AnyBulkWriteOperation<Document>;

function single(make: (writing: Writing) => Operation): Kind['run'] {
  return async (writing, collection) => {
    await collection.bulkWrite([make(writing)]);
    return 1;
  };
}

/** Ids that exist already are refused, and the others are inserted. */
async function insertMany({ dice, tally }: Writing, collection: Collection<Document>): Promise<number> {
  const rev = nextRev(tally);
  const documents = Array.from({ length: dice.between(1, 20) }, () => ({ _id: anyId(dice), ...anyFields(dice, rev) }));
  try {
    await collection.insertMany(documents as Document[], { ordered: false });
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  return documents.length;
}

function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11_000;
}

async function bulk(writing: Writing, collection: Collection<Document>): Promise<number> {
  const { dice } = writing;
  const operations = Array.from({ length: dice.between(2, 30) }, () => anyOperation(writing));
  await collection.bulkWrite(operations, { ordered: dice.chance(0.5) });
  return operations.length;
}

function anyOperation(writing: Writing): Operation {
  const { dice } = writing;
  if (dice.chance(0.3)) return { deleteOne: { filter: byId(dice) } };
  return dice.chance(0.5) ? { replaceOne: replacement(writing) } : { updateOne: update(writing) };
}

async function transferOnce(mongo: MongoClient, dice: Dice, rev: number): Promise<number> {
  return (await transfer(mongo, dice, rev)) ? 2 : 0;
}

/** Several documents of several collections at once. A conflict with another writer ends it without a change. */
async function transaction(writing: Writing): Promise<number> {
  const { mongo, dice } = writing;
  const steps = Array.from({ length: dice.between(2, 6) }, () => ({
    name: dice.pick(collectionNames.slice(0, 4)),
    operation: anyOperation(writing),
  }));
  const isAborted = dice.chance(0.1);
  const isCommitted = await mongo.withSession((session) =>
    commitSteps(session, async () => {
      for (const { name, operation } of steps)
        await mongo.db(databaseName).collection<Document>(name).bulkWrite([operation], { session });
      return !isAborted;
    }),
  );
  return isCommitted ? steps.length : 0;
}

/** Commits if `run` says so. False if nothing was changed. */
async function commitSteps(session: ClientSession, run: () => Promise<boolean>): Promise<boolean> {
  session.startTransaction();
  try {
    const isWanted = await run();
    await (isWanted ? session.commitTransaction() : session.abortTransaction());
    return isWanted;
  } catch (error) {
    await session.abortTransaction().catch(() => undefined);
    if (!isTransient(error)) throw error;
    return false;
  }
}

function isTransient(error: unknown): boolean {
  return isDuplicate(error) || (error instanceof Error && 'hasErrorLabel' in error && 'code' in error);
}

async function updateMany({ dice, tally }: Writing, collection: Collection<Document>): Promise<number> {
  const filter = { rev: { $mod: [dice.between(2, 9), dice.below(2)] } };
  const update = anyUpdate(dice, nextRev(tally));
  return unlessKilled(async () => (await collection.updateMany(filter, update)).modifiedCount);
}

async function deleteMany({ dice }: Writing, collection: Collection<Document>): Promise<number> {
  const filter = { rev: { $mod: [dice.between(3, 9), dice.below(3)] } };
  return unlessKilled(async () => (await collection.deleteMany(filter)).deletedCount);
}

/** QueryPlanKilled: another writer has dropped or renamed the collection meanwhile. What was changed before does not matter: the source is read. */
const queryPlanKilled = 175;

async function unlessKilled(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === queryPlanKilled) return 0;
    throw error;
  }
}

async function drop(_writing: Writing, collection: Collection<Document>): Promise<number> {
  await collection.drop();
  return 1;
}

async function rename({ mongo, dice }: Writing): Promise<number> {
  const [from = 'r0', to = 'r1'] = dice.chance(0.5) ? ['r0', 'r1'] : ['r1', 'r0'];
  try {
    await mongo.db(databaseName).collection(from).rename(to, { dropTarget: true });
    return 1;
  } catch {
    // There is no such collection at the moment.
    return 0;
  }
}
