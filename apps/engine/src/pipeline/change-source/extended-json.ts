/**
 * Reads what operators write in MongoDB's Extended JSON: `_id` values and queries. Only operators' input is read in this way, never
 * documents of the source, in which a field may well be named `$date`.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { extendedJsonProblem } from '@emcachers/core/shape-filter';
import { BSONRegExp, EJSON, ObjectId, serialize } from 'bson';
import type { SourceFilter } from './change-source-types.ts';
import { refusedQuery } from './check-filter.ts';
import { isReadableKey } from './keyed-documents.ts';

/** Raw BSON `{ _id }` of an `_id` in Extended JSON. Throws EMC-5001 if it is none; `path` names the field of the request. */
export function keyOfExtendedJson(id: unknown, path: readonly (string | number)[]): Uint8Array {
  const key = keyOrNull(id);
  if (key !== null && isReadableKey(key)) return key;
  const message = `${JSON.stringify(id)} is not an _id in MongoDB's Extended JSON.`;
  throw new EmcachersError({ code: 'EMC-5001', detail: message, fields: [{ path: [...path], message }] });
}

function keyOrNull(id: unknown): Uint8Array | null {
  if (extendedJsonProblem(id) !== null) return null;
  try {
    const _id: unknown = EJSON.deserialize({ id }, { relaxed: false })['id'];
    return isPattern(_id) || Array.isArray(_id) ? null : serialize({ _id });
  } catch {
    return null;
  }
}

/** Not possible as an `_id`, and in a list of values to look up it would match others. */
function isPattern(value: unknown): boolean {
  return value instanceof BSONRegExp || value instanceof RegExp;
}

/** Throws EMC-5012 if it is not valid Extended JSON. Whether it is a query is the server's word: see `checkFilter`. */
export function filterOfExtendedJson(query: Readonly<Record<string, unknown>>): SourceFilter {
  const problem = extendedJsonProblem(query);
  if (problem !== null) throw refusedQuery(problem);
  try {
    return EJSON.deserialize(query, { relaxed: false }) as SourceFilter;
  } catch (error) {
    throw refusedQuery(error instanceof Error ? error.message : String(error), error);
  }
}

/** Documents whose date field, or whose ObjectId, is not before a time. An ObjectId has whole seconds. */
export function filterSince(time: Date, field: string | null): SourceFilter {
  if (field !== null) return { [field]: { $gte: time } };
  return { _id: { $gte: new ObjectId(objectIdFrom(time)) } };
}

/** Hex of the lowest ObjectId of a time's second. Bounded, because an ObjectId holds the seconds from 1970 to 2106. */
export function objectIdFrom(time: Date): string {
  const seconds = Math.min(Math.max(Math.floor(time.getTime() / 1000), 0), 0xff_ff_ff_ff);
  return seconds.toString(16).padStart(8, '0').padEnd(24, '0');
}
