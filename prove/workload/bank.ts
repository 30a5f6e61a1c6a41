import { Int32, type MongoClient } from 'mongodb';
import type { Dice } from './dice.ts';
import type { NewShape } from './shapes.ts';

/** Accounts between which transactions move amounts: whoever sees a part of a transaction sees another sum. */
export const accounts = 8;
export const sumOfBalances = 800;

/** The same accounts in two streams, each of which must show whole transactions. No order holds between them. */
export const bankEntities: readonly NewShape[] = [bankOfStream('bank', 'default'), bankOfStream('bank_east', 'east')];

function bankOfStream(entityName: string, stream: string): NewShape {
  return {
    entityName,
    stream,
    sourceName: 'prove.bank',
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

function bankOf(mongo: MongoClient) {
  return mongo.db('prove').collection<Account>('bank');
}

export async function openAccounts(mongo: MongoClient): Promise<void> {
  const balance = new Int32(sumOfBalances / accounts);
  const ids = Array.from({ length: accounts }, (_, id) => ({ _id: new Int32(id), balance, rev: new Int32(0) }));
  await bankOf(mongo).insertMany(ids);
}

/** Moves an amount from one account to another. False if another writer was faster. */
export async function transfer(mongo: MongoClient, dice: Dice, rev: number): Promise<boolean> {
  const from = dice.below(accounts);
  const to = (from + dice.between(1, accounts - 1)) % accounts;
  const amount = dice.between(1, 10);
  return mongo.withSession(async (session) => {
    session.startTransaction();
    try {
      for (const [id, change] of [[from, -amount] as const, [to, amount] as const])
        await bankOf(mongo).updateOne(
          { _id: new Int32(id) },
          { $inc: { balance: new Int32(change) }, $set: { rev: new Int32(rev) } },
          { session },
        );
      await session.commitTransaction();
      return true;
    } catch (error) {
      await session.abortTransaction().catch(() => undefined);
      if (error instanceof Error && 'hasErrorLabel' in error) return false;
      throw error;
    }
  });
}
