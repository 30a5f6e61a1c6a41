import { z } from 'zod';
import { wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

/** Limits on what one document may cost. */
export const documentSettings = {
  EMCACHERS_ROW_BYTES_MAX: {
    schema: wholeNumber(1024, 256 * 1024 * 1024),
    standard: String(64 * 1024 * 1024),
    unit: 'bytes, from 1024 to 268435456',
    reason: 'The largest encoded row. A document whose row is larger becomes a dead letter (EMC-6002).',
    reader: 'engine',
  },
  EMCACHERS_LARGE_DOCUMENT_BYTES: {
    schema: wholeNumber(1024, 16 * 1024 * 1024),
    standard: String(256 * 1024),
    unit: 'bytes, from 1024 to 16777216',
    reason:
      'A document with more bytes is projected in a thread, so that it does not delay other entities and health checks.',
    reader: 'engine',
  },
  EMCACHERS_DEAD_LETTERS_MAX: {
    schema: wholeNumber(1, 1_000_000),
    standard: '10000',
    unit: 'dead letters per entity, from 1 to 1000000',
    reason: 'The dead letters that are kept for each entity. The oldest are removed when there are more.',
    reader: 'engine',
  },
  EMCACHERS_TRANSACTION_OPERATIONS_MAX: {
    schema: wholeNumber(100, 50_000),
    standard: '20000',
    unit: 'operations, from 100 to 50000',
    reason:
      'The largest transaction of the source that readers see as a whole, in operations of all entities. A larger one appears in parts.',
    reader: 'engine',
  },
  EMCACHERS_TRANSACTION_BYTES_MAX: {
    schema: wholeNumber(65_536, 32 * 1024 * 1024),
    standard: String(16 * 1024 * 1024),
    unit: 'bytes, from 65536 to 33554432',
    reason: 'The same in bytes of the encoded rows. The leader and each node hold one such transaction in memory.',
    reader: 'engine',
  },
  EMCACHERS_MASK_KEY: {
    schema: z.string().refine((text) => Buffer.byteLength(text) >= 32, 'has fewer than 32 bytes'),
    standard: null,
    unit: 'secret, 32 bytes or more, the same for every engine of a fleet',
    reason:
      'The key of the columns that are masked by a hash. Keep it as long as their entities: another key gives other hashes, so those entities fail (EMC-2020).',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
