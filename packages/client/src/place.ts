import type { CachePlace, OperationTime, SqlRow } from './cache.ts';

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
