import type { AppRouter } from '@emcachers/engine/api';
import type { inferRouterInputs } from '@trpc/server';

/** Which documents an action concerns, as the engine takes it. */
export type SelectedDocuments = inferRouterInputs<AppRouter>['entities']['refreshDocuments']['documents'];

/** What the operator has typed. */
export interface DocumentsDraft {
  readonly by: 'ids' | 'query' | 'since';
  /** One `_id` in each line, or a query. */
  readonly text: string;
  readonly since: string;
  readonly field: string;
}

export const emptyDocuments: DocumentsDraft = { by: 'ids', text: '', since: '', field: '' };

/** Null until the draft is complete. What a query or an `_id` means is checked by the engine. */
export function selectedDocuments({ by, text, since, field }: DocumentsDraft): SelectedDocuments | null {
  if (by === 'since') return sinceTime(since, field.trim());
  if (by === 'query') return byQuery(text);
  const ids = idsOf(text);
  return ids.length === 0 ? null : { ids };
}

function idsOf(text: string): unknown[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').flatMap(meaningsOf);
}

const hex = /^[0-9a-f]{24}$/i;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The `_id`s that a line may mean. What is written without quotes can be a value or the text of a string, as in the search for
 * a document; a document that one of them misses would keep its entries. A quoted text and an object mean only themselves.
 */
function meaningsOf(line: string): unknown[] {
  if (hex.test(line)) return [{ $oid: line }];
  if (uuid.test(line)) return [{ $uuid: line }, line];
  const value = isLongInteger(line) ? longInteger(line) : parsedJson(line);
  // Neither an array nor an infinite number is sent: the one cannot be an `_id`, and JSON has null for the other.
  if (value === undefined || Array.isArray(value) || isInfinite(value)) return [line];
  return isExact(line) ? [value] : [value, line];
}

const isInfinite = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value);
const isExact = (line: string): boolean => line.startsWith('"') || line.startsWith('{');
const isLongInteger = (line: string): boolean => /^-?(?!0)\d{16,34}$/.test(line);

/** An integer that JSON would round. MongoDB compares numbers of different types by value. */
function longInteger(digits: string): unknown {
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value ? { $numberLong: digits } : { $numberDecimal: digits };
}

function byQuery(text: string): SelectedDocuments | null {
  const query = parsedJson(text);
  const isObject = typeof query === 'object' && query !== null && !Array.isArray(query);
  return isObject ? { query: Object.fromEntries(Object.entries(query)) } : null;
}

function sinceTime(since: string, field: string): SelectedDocuments | null {
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) return null;
  return { since: time.toISOString(), ...(field === '' ? {} : { field }) };
}

/** Undefined if the text is not JSON. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
