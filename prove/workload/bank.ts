import { type ClientSession, Int32, type MongoClient } from 'mongodb';
import type { Dice } from './dice.ts';
import type { NewShape } from './shapes.ts';

/** Accounts between which transactions move amounts: whoever sees a part of a transaction sees another sum. */
export const accounts = 8;
export const sumOfBalances = 800;

/** A collection of accounts, and how its transactions write. */
const banks = [
  /** A replacement carries its document, so a cache must show whole transactions at every moment. */
  { collection: 'bank', isExact: true },
  /** MongoDB looks up the document of an update later, and it may then be newer than its transaction (docs/decisions/0016). */
  { collection: 'till', isExact: false },
] as const;

interface BankEntity {
  readonly shape: NewShape;
  readonly isExact: boolean;
}

/** The bank in two streams, each of which must show whole transactions. No order holds between them. */
export const bankEntities: readonly BankEntity[] = [
  { shape: bankShape('bank', 'bank', 'default'), isExact: true },
  { shape: bankShape('bank_east', 'bank', 'east'), isExact: true },
  { shape: bankShape('till', 'till', 'east'), isExact: false },
];

function bankShape(entityName: string, collection: string, stream: string): NewShape {
  return {
    entityName,
    stream,
    sourceName: `prove.${collection}`,
    columns: [
      { name: 'rev', type: 'Integer', path: 'rev' },
      { name: 'balance', type: 'Integer', path: 'balance' },
    ],
  };
}

interface Account {
  readonly _id: Int32;
  readonly balance: Int32;
  readonly rev: Int32;
}

function accountsOf(mongo: MongoClient, collection: string) {
  return mongo.db('prove').collection<Account>(collection);
}

export async function openAccounts(mongo: MongoClient): Promise<void> {
  const balance = new Int32(sumOfBalances / accounts);
  const ids = Array.from({ length: accounts }, (_, id) => ({ _id: new Int32(id), balance, rev: new Int32(0) }));
  for (const { collection } of banks) await accountsOf(mongo, collection).insertMany(ids);
}

/** Moves an amount from one account to another. False if another writer was faster. */
export async function transfer(mongo: MongoClient, dice: Dice, rev: number): Promise<boolean> {
  const from = dice.below(accounts);
  const to = (from + dice.between(1, accounts - 1)) % accounts;
  const amount = dice.between(1, 10);
  const { collection, isExact } = dice.pick(banks);
  const move = isExact ? replace : increase;
  return mongo.withSession(async (session) => {
    session.startTransaction();
    try {
      for (const [id, change] of [[from, -amount] as const, [to, amount] as const])
        await move({ found: accountsOf(mongo, collection), session }, id, { change, rev });
      await session.commitTransaction();
      return true;
    } catch (error) {
      await session.abortTransaction().catch(() => undefined);
      if (error instanceof Error && 'hasErrorLabel' in error) return false;
      throw error;
    }
  });
}

interface Place {
  readonly found: ReturnType<typeof accountsOf>;
  readonly session: ClientSession;
}

type Change = { readonly change: number; readonly rev: number };

async function increase({ found, session }: Place, id: number, { change, rev }: Change): Promise<void> {
  const update = { $inc: { balance: new Int32(change) }, $set: { rev: new Int32(rev) } };
  await found.updateOne({ _id: new Int32(id) }, update, { session });
}

async function replace({ found, session }: Place, id: number, { change, rev }: Change): Promise<void> {
  const account = await found.findOne({ _id: new Int32(id) }, { session });
  const balance = new Int32(Number(account?.balance) + change);
  await found.replaceOne({ _id: new Int32(id) }, { balance, rev: new Int32(rev) }, { session });
}
