import type { ShapeFilter, StoredFilter } from '@emcachers/core/shape-filter';

/**
 * A stored filter as an operator would write it. Numbers that plain JSON keeps exactly stand as such: the engine reads `50` as an
 * int32 and `1.5` as a double. Every other BSON type stays named.
 */
export function filterText(where: StoredFilter): string {
  return JSON.stringify(plainNumbers(where));
}

/** The filter with its plain numbers, as a body for the API. */
export function plainNumbers(where: StoredFilter): ShapeFilter {
  return Object.fromEntries(Object.entries(where).map(([field, item]) => [field, plainValue(item)]));
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value);
  const number = fields.length === 1 ? plainNumber(fields[0]?.[0], fields[0]?.[1]) : null;
  return number ?? Object.fromEntries(fields.map(([field, item]) => [field, plainValue(item)]));
}

/** Null if plain JSON would not keep the type: a whole number would be read as an integer, and JSON has no infinity. */
function plainNumber(wrapper: string | undefined, text: unknown): number | null {
  const number = Number(text);
  if (wrapper === '$numberInt') return number;
  return wrapper === '$numberDouble' && Number.isFinite(number) && !Number.isInteger(number) ? number : null;
}
