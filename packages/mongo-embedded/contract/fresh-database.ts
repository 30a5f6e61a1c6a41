/** A database of its own for one test, dropped when the test ends. */
import { randomBytes } from 'node:crypto';
import type { Collection, Db, Document, MongoClient } from 'mongodb';

/** A document of a test: any fields, an _id of any type. */
export interface Item extends Document {
  _id?: Id;
}

/** What a driver may give as _id. */
export type Id = string | number | boolean | object | null;

export interface FreshDatabase extends AsyncDisposable {
  readonly db: Db;
  readonly name: string;
  /** The collection of the test, which does not exist yet. */
  readonly items: Collection<Item>;
  /** Another collection of the same database. */
  collection(name: string): Collection<Item>;
}

export function freshDatabase(client: MongoClient): FreshDatabase {
  const name = `contract_${randomBytes(6).toString('hex')}`;
  const db = client.db(name);
  return {
    db,
    name,
    items: db.collection<Item>('items'),
    collection: (collectionName) => db.collection<Item>(collectionName),
    [Symbol.asyncDispose]: async () => {
      await db.dropDatabase();
    },
  };
}
