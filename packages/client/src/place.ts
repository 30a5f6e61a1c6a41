import type { CachePlace, ChangedRow, OperationTime, SqlRow } from './cache.ts';

/** The numbers of the changed rows that a file has recorded (docs/reading-a-cache.md); `last` is `first - 1` if there are none. */
export interface ChangeRange {
  readonly first: number;
  readonly last: number;
}

const timeMax = 0xffff_ffff_ffff_ffffn;

/** The place that the rows of a `metadata` table describe. Values are JSON; `source_time` is a decimal number in 64 bits. */
export function readPlace(rows: readonly SqlRow[]): CachePlace {
  const values = new Map(rows.map(({ key, value }) => [key, String(value)]));
  const time = values.get('source_time') ?? '';
  return {
    entity: (values.get('entity') ?? '').replaceAll('"', ''),
    offset: Number(values.get('offset') ?? 0),
    sourceTime: /^\d{1,20}$/.test(time) ? BigInt(time) : null,
    generation: Number(values.get('generation') ?? 0),
  };
}

/** Null if the file records no changes, or not those up to its offset. */
export function readChangeRange(rows: readonly SqlRow[], { offset }: CachePlace): ChangeRange | null {
  const value = rows.find(({ key }) => key === 'changes')?.['value'];
  if (typeof value !== 'string') return null;
  try {
    const range = JSON.parse(value) as Partial<Record<'first' | 'last' | 'offset', unknown>> | null;
    const { first, last } = range ?? {};
    const isWhole = Number.isSafeInteger(first) && Number.isSafeInteger(last) && range?.offset === offset;
    return isWhole ? { first: Number(first), last: Number(last) } : null;
  } catch {
    return null;
  }
}

/** The changes of one transaction. Nothing if the value was changed by hand: the count then tells that changes are missing. */
export function readChangedRows(offset: number, json: string): ChangedRow[] {
  try {
    const changes = JSON.parse(json) as [string, ChangedRow['kind']][];
    return changes.map(([key, kind]) => ({ key, kind, offset }));
  } catch {
    return [];
  }
}

/** The unsigned 64-bit value of a BSON Timestamp. Throws a RangeError if it is none. */
export function operationTimeValue(time: OperationTime): bigint {
  const value = typeof time === 'bigint' ? time : joined(time);
  if (value < 0n || value > timeMax) throw new RangeError(`${value} is not a BSON Timestamp of 64 bits.`);
  return value;
}

function joined(time: Exclude<OperationTime, bigint>): bigint {
  const [seconds, increment] = 't' in time ? [time.t, time.i] : [time.high, time.low];
  if (!Number.isInteger(seconds) || !Number.isInteger(increment))
    throw new RangeError('An operation time is a bigint, a BSON Timestamp or { t, i }.');
  return (BigInt.asUintN(32, BigInt(seconds)) << 32n) | BigInt.asUintN(32, BigInt(increment));
}

/** Milliseconds from a BSON Timestamp to `nowMs`, not below 0. */
export function ageMs(sourceTime: bigint, nowMs: number): number {
  return Math.max(0, nowMs - Number(sourceTime >> 32n) * 1_000);
}
