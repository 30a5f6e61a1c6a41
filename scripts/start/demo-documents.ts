import { Decimal128, Long, ObjectId } from 'mongodb';

/**
 * The demo shop: a few thousand documents with the kinds of values found in real collections (nested documents,
 * arrays, dates, Decimal128, int64, missing and null fields). Generated from a seed, so every first start has the same data.
 */
export const demoCounts = { products: 400, customers: 1_200, orders: 3_000 } as const;

export type Random = () => number;

/** Mulberry32 (public domain, Tommy Ettinger): small, fast, and good enough for demo data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const kinds = ['Lamp', 'Chair', 'Desk', 'Shelf', 'Rug', 'Clock', 'Mirror', 'Stool', 'Vase', 'Basket'] as const;
const materials = ['Oak', 'Walnut', 'Steel', 'Linen', 'Glass', 'Cork', 'Wool', 'Bamboo'] as const;
const firstNames = [
  'Ada',
  'Edsger',
  'Grace',
  'Barbara',
  'Donald',
  'Leslie',
  'Radia',
  'Tony',
  'Frances',
  'Ken',
] as const;
const lastNames = [
  'Lovelace',
  'Dijkstra',
  'Hopper',
  'Liskov',
  'Knuth',
  'Lamport',
  'Perlman',
  'Hoare',
  'Allen',
  'Thompson',
] as const;
const cities = [
  'Amsterdam',
  'Lisbon',
  'Nairobi',
  'Osaka',
  'Porto Alegre',
  'Reykjavík',
  'Tbilisi',
  'Wellington',
] as const;
export const orderStatuses = ['placed', 'paid', 'packed', 'shipped', 'delivered'] as const;

export function pick<Value>(random: Random, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

function cents(random: Random, maximum: number): Decimal128 {
  return Decimal128.fromString((1 + random() * maximum).toFixed(2));
}

export function productDocument(random: Random, index: number): Record<string, unknown> {
  return {
    _id: `SKU-${String(index + 1).padStart(5, '0')}`,
    name: `${pick(random, materials)} ${pick(random, kinds)}`,
    price: cents(random, 480),
    stock: Math.floor(random() * 250),
    barcode: Long.fromBigInt(4_000_000_000_000n + BigInt(Math.floor(random() * 1_000_000_000))),
    tags: random() < 0.3 ? [] : [pick(random, materials).toLowerCase(), 'home'],
    dimensions: { width: Math.round(random() * 180), height: Math.round(random() * 220), unit: 'cm' },
    active: random() < 0.95,
    updatedAt: new Date(),
  };
}

export function customerDocument(random: Random, index: number): Record<string, unknown> {
  const first = pick(random, firstNames);
  const last = pick(random, lastNames);
  return {
    _id: new ObjectId(),
    number: index + 1,
    name: { first, last },
    email: `${first}.${last}.${index + 1}@example.com`.toLowerCase(),
    address: { city: pick(random, cities), postalCode: String(10_000 + Math.floor(random() * 89_999)) },
    newsletter: random() < 0.4,
    ...(random() < 0.2 ? { note: null } : {}),
    createdAt: new Date(Date.now() - Math.floor(random() * 1_000 * 86_400_000)),
  };
}

export function orderDocument(random: Random, customerIds: readonly ObjectId[]): Record<string, unknown> {
  const items = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
    sku: `SKU-${String(1 + Math.floor(random() * demoCounts.products)).padStart(5, '0')}`,
    quantity: 1 + Math.floor(random() * 3),
    price: cents(random, 480),
  }));
  return {
    _id: new ObjectId(),
    customerId: customerIds[Math.floor(random() * customerIds.length)] ?? null,
    status: pick(random, orderStatuses),
    total: Math.round(items.reduce((sum, item) => sum + Number(item.price) * item.quantity, 0) * 100) / 100,
    items,
    shipping: { city: pick(random, cities), express: random() < 0.25 },
    placedAt: new Date(),
  };
}
