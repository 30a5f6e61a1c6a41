import { entityNameSchema } from '@emcachers/core/shape';

/** Leaves room for a counter, because a name has at most 63 characters. */
const nameCharsMax = 58;

/** A valid name, derived from a collection's name or a path: `customer.address.city` → `customer_address_city`. */
export function proposeName(text: string, taken: readonly string[]): string {
  const plain = text
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, nameCharsMax);
  const base = entityNameSchema.safeParse(plain).success ? plain : `c_${plain === '' ? '1' : plain}`;
  const lower = new Set(taken.map((name) => name.toLowerCase()));
  let name = base;
  for (let count = 2; lower.has(name.toLowerCase()); count += 1) name = `${base}_${count}`;
  return name;
}

/** A column name for a path: the last segment if that is free and meaningful, otherwise the whole path. */
export function proposeColumnName(path: string, taken: readonly string[]): string {
  const last = proposeName(path.split('.').at(-1) ?? path, []);
  const isFree = !taken.some((name) => name.toLowerCase() === last.toLowerCase());
  return isFree && last !== 'id' && !/^c_\d+$/.test(last) ? last : proposeName(path, taken);
}
