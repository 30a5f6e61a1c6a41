import type { Column } from '@emcachers/core/shape';
import { Decimal128, ObjectId, serialize } from 'bson';

/** Documents of about 300 bytes that resemble orders. */
export function sampleDocument(index: number): Record<string, unknown> {
  return {
    _id: new ObjectId(),
    number: index,
    status: ['placed', 'paid', 'packed', 'shipped'][index % 4],
    total: 12.5 + (index % 1000),
    tax: Decimal128.fromString(`${index % 100}.25`),
    customer: { name: `Customer ${index % 5000}`, city: 'Reykjavík' },
    items: [
      { sku: `SKU-${index % 400}`, quantity: 1 + (index % 3) },
      { sku: `SKU-${(index * 7) % 400}`, quantity: 1 },
    ],
    express: index % 4 === 0,
    placedAt: new Date(1_700_000_000_000 + index * 1000),
  };
}

export const sampleColumns: Column[] = [
  { name: 'number', type: 'Integer', path: 'number' },
  { name: 'status', type: 'Text', path: 'status' },
  { name: 'total', type: 'Number', path: 'total' },
  { name: 'city', type: 'Text', path: 'customer.city' },
  { name: 'items', type: 'JSONB', path: 'items' },
  { name: 'placed_at', type: 'Text', path: 'placedAt' },
];

export function rawSampleDocuments(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => serialize(sampleDocument(index)));
}
