import { type Db, MongoClient, type ObjectId } from 'mongodb';
import {
  createRandom,
  customerDocument,
  demoCounts,
  orderDocument,
  orderStatuses,
  pick,
  productDocument,
  type Random,
} from './demo-documents.ts';

/** Changes per second of the demo writer: enough for every page to show activity, too few to load the machine. */
const changesPerSecond = 4;
/** Above this number the writer deletes old orders, so that a demo running for weeks does not grow. */
const ordersMax = 6_000;

/** Shapes created on the first start, so that the console opens with data. `customers` is left for the user to add. */
export const demoShapes = [
  {
    entityName: 'products',
    sourceName: 'shop.products',
    columns: [
      { name: 'name', type: 'Text', path: 'name' },
      { name: 'price', type: 'Number', path: 'price' },
      { name: 'stock', type: 'Integer', path: 'stock' },
      { name: 'barcode', type: 'Integer', path: 'barcode' },
      { name: 'tags', type: 'JSONB', path: 'tags' },
      { name: 'active', type: 'Bool', path: 'active' },
      { name: 'updated_at', type: 'Text', path: 'updatedAt' },
    ],
  },
  {
    entityName: 'orders',
    sourceName: 'shop.orders',
    columns: [
      { name: 'customer_id', type: 'Text', path: 'customerId' },
      { name: 'status', type: 'Text', path: 'status' },
      { name: 'total', type: 'Number', path: 'total' },
      { name: 'items', type: 'JSONB', path: 'items' },
      { name: 'city', type: 'Text', path: 'shipping.city' },
      { name: 'placed_at', type: 'Text', path: 'placedAt' },
    ],
  },
] as const;

export interface Demo {
  stop(): Promise<void>;
}

/** Fills database `shop` if it is empty. Returns whether it did. */
export async function seedDemo(url: string): Promise<boolean> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  try {
    const shop = client.db('shop');
    if ((await shop.collection('orders').estimatedDocumentCount()) > 0) return false;
    const random = createRandom(1);
    const customers = Array.from({ length: demoCounts.customers }, (_, index) => customerDocument(random, index));
    const customerIds = customers.map((customer) => customer['_id'] as ObjectId);
    await insert(
      shop,
      'products',
      Array.from({ length: demoCounts.products }, (_, index) => productDocument(random, index)),
    );
    await insert(shop, 'customers', customers);
    await insert(
      shop,
      'orders',
      Array.from({ length: demoCounts.orders }, () => orderDocument(random, customerIds)),
    );
    return true;
  } finally {
    await client.close();
  }
}

async function insert(shop: Db, name: string, documents: Record<string, unknown>[]): Promise<void> {
  await shop.collection(name).deleteMany({});
  await shop.collection(name).insertMany(documents);
}

/** Creates the demo entities that do not exist. Called only after seeding, so a deleted one does not come back. */
export async function createDemoEntities(engineUrl: string, token: string | null): Promise<void> {
  for (const shape of demoShapes) {
    const response = await fetch(`${engineUrl}/api/v1/entities`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(shape),
    });
    if (!response.ok && response.status !== 409) {
      throw new Error(`The demo entity ${shape.entityName} could not be created: ${await response.text()}`);
    }
  }
}

/** Changes documents in the shop until stopped. Waits while MongoDB fails instead of ending the demo. */
export function startDemoWriter(url: string): Demo {
  const stopping = new AbortController();
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2_000 });
  const ended = (async () => {
    let writer: Writer | null = null;
    while (!stopping.signal.aborted) {
      try {
        writer ??= await openWriter(client.db('shop'));
        await change(writer);
      } catch {
        writer = null;
      }
      await pause(1_000 / changesPerSecond, stopping.signal);
    }
    await client.close();
  })();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

interface Writer {
  readonly shop: Db;
  readonly random: Random;
  readonly customerIds: readonly ObjectId[];
  /** Oldest first. */
  readonly orderIds: ObjectId[];
}

async function openWriter(shop: Db): Promise<Writer> {
  const ids = async (name: string): Promise<ObjectId[]> => {
    const documents = await shop
      .collection(name)
      .find({}, { projection: { _id: 1 }, sort: { _id: 1 } })
      .toArray();
    return documents.map((document) => document._id);
  };
  return { shop, random: createRandom(Date.now()), customerIds: await ids('customers'), orderIds: await ids('orders') };
}

async function change(writer: Writer): Promise<void> {
  const { random, orderIds } = writer;
  const dice = random();
  if (dice < 0.3) await insertOrder(writer);
  else if (dice < 0.65 && orderIds.length > 0) await changeOrderStatus(writer);
  else if (dice < 0.95) await changeStock(writer);
  if (dice > 0.98 || orderIds.length > ordersMax) await deleteOldestOrder(writer);
}

async function insertOrder({ shop, random, customerIds, orderIds }: Writer): Promise<void> {
  const { insertedId } = await shop.collection('orders').insertOne(orderDocument(random, customerIds));
  orderIds.push(insertedId);
}

async function changeOrderStatus({ shop, random, orderIds }: Writer): Promise<void> {
  const _id = orderIds[Math.floor(random() * orderIds.length)];
  if (_id === undefined) return;
  await shop.collection('orders').updateOne({ _id }, { $set: { status: pick(random, orderStatuses) } });
}

async function changeStock({ shop, random }: Writer): Promise<void> {
  const _id = `SKU-${String(1 + Math.floor(random() * demoCounts.products)).padStart(5, '0')}`;
  const values = { stock: Math.floor(random() * 250), updatedAt: new Date() };
  await shop.collection<{ _id: string }>('products').updateOne({ _id }, { $set: values });
}

async function deleteOldestOrder({ shop, orderIds }: Writer): Promise<void> {
  const oldest = orderIds.shift();
  if (oldest !== undefined) await shop.collection('orders').deleteOne({ _id: oldest });
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
