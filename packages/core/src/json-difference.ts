/**
 * The difference between two JSON values, for a stream that sends each value after the first as a change of the one before:
 * `applyDifference(before, differenceOf(before, after))` equals `after`. What did not change keeps its identity.
 */
export type Json = string | number | boolean | null | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

/** `set` replaces the value; `at` changes members of an object or elements of an array, by key or index. */
export type Difference = { readonly set: Json } | { readonly at: { readonly [key: string]: Difference } };

/** Null if the values are equal. */
export function differenceOf(before: Json, after: Json): Difference | null {
  if (before === after) return null;
  if (!hasSameMembers(before, after)) return { set: after };
  const changed: Record<string, Difference> = {};
  let isEqual = true;
  for (const key of Object.keys(after)) {
    const difference = differenceOf(memberOf(before, key), memberOf(after, key));
    if (difference === null) continue;
    isEqual = false;
    changed[key] = difference;
  }
  return isEqual ? null : { at: changed };
}

type Container = Json[] | JsonObject;

function isContainer(value: Json): value is Container {
  return typeof value === 'object' && value !== null;
}

/** Both are arrays of one length or objects with the same keys, so that they can differ in their members only. */
function hasSameMembers(before: Json, after: Json): after is Container {
  if (!isContainer(before) || !isContainer(after)) return false;
  if (Array.isArray(before) !== Array.isArray(after)) return false;
  const keys = Object.keys(after);
  return keys.length === Object.keys(before).length && keys.every((key) => Object.hasOwn(before, key));
}

function ownMember(value: Json, key: string): Json | undefined {
  if (!isContainer(value) || Array.isArray(value) || !Object.hasOwn(value, key)) return undefined;
  return value[key];
}

function memberOf(value: Json, key: string): Json {
  const member = Array.isArray(value) ? value[Number(key)] : ownMember(value, key);
  if (member === undefined) throw new Error(`The difference is of another value: it changes ${key}.`);
  return member;
}

/** Throws if the difference was taken from a value of another form. */
export function applyDifference<Value extends Json>(before: Value, difference: Difference): Value {
  // The types of JSON values are not known while the program runs: what `differenceOf` took from a `Value` makes one again.
  return applied(before, difference) as Value;
}

function applied(before: Json, difference: Difference): Json {
  if ('set' in difference) return difference.set;
  const changes = Object.entries(difference.at);
  if (Array.isArray(before)) {
    const elements = [...before];
    for (const [index, change] of changes) elements[Number(index)] = applied(memberOf(before, index), change);
    return elements;
  }
  const changed = changes.map(([key, change]) => [key, applied(memberOf(before, key), change)] as const);
  return { ...(isContainer(before) ? before : {}), ...Object.fromEntries(changed) };
}
