import type { Shape } from '@emcachers/core/shape';
import type { Collection, MongoClient } from 'mongodb';

/** Orders with every kind of column, and a writer that changes them by a seed. */
export interface Order {
  _id: number;
  total: number;
  count: number;
  paid: boolean;
  customer: { city: string };
  tags: unknown[];
}

export function orderShape(entityName: string, sourceName = 'shop.orders'): Shape {
  return {
    entityName,
    sourceName,
    columns: [
      { name: 'total', type: 'Number', path: 'total' },
      { name: 'quantity', type: 'Integer', path: 'count' },
      { name: 'paid', type: 'Bool', path: 'paid' },
      { name: 'city', type: 'Text', path: 'customer.city' },
      { name: 'tags', type: 'JSONB', path: 'tags' },
      { name: 'whole', type: 'Any', path: 'customer' },
    ],
  };
}

export function orders(mongo: MongoClient, sourceName = 'shop.orders'): Collection<Order> {
  const [database = '', ...collection] = sourceName.split('.');
  return mongo.db(database).collection<Order>(collection.join('.'));
}

export function order(id: number, random: () => number): Order {
  return {
    _id: id,
    total: Math.round(random() * 100_000) / 8,
    count: Math.floor(random() * 1_000),
    paid: random() < 0.5,
    customer: { city: `city ${Math.floor(random() * 50)}` },
    tags: [Math.floor(random() * 10), 'a'],
  };
}

export async function insertOrders(collection: Collection<Order>, count: number, random: () => number): Promise<void> {
  for (let start = 0; start < count; start += 5_000) {
    const ids = Array.from({ length: Math.min(5_000, count - start) }, (_, index) => start + index);
    await collection.insertMany(ids.map((id) => order(id, random)));
  }
}

/** One batch of inserts, updates and deletes on ids up to twice the original count. */
export async function changeOrders(collection: Collection<Order>, count: number, random: () => number): Promise<void> {
  const operations = Array.from({ length: 50 }, () => {
    const id = Math.floor(random() * count * 2);
    const kind = random();
    if (kind < 0.3) return { deleteOne: { filter: { _id: id } } };
    if (kind < 0.6)
      return { updateOne: { filter: { _id: id }, update: { $set: { total: Math.round(random() * 8_000) / 8 } } } };
    const { _id, ...rest } = order(id, random);
    return { replaceOne: { filter: { _id: id }, replacement: rest, upsert: true } };
  });
  await collection.bulkWrite(operations, { ordered: true });
}
