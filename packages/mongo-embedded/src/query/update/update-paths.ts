import { MongoFailure } from '../../error/mongo-failure.ts';

/** Orders update paths as mongod applies them: names of digits by number, others as bytes. Source: the manual's page "Update Operators Behavior". */
export function comparePaths(left: readonly string[], right: readonly string[]): number {
  for (let depth = 0; depth < Math.min(left.length, right.length); depth += 1) {
    const order = compareNames(left[depth] ?? '', right[depth] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const digits = /^\d+$/;

function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  if (digits.test(left) && digits.test(right)) return Number(left) - Number(right);
  return left < right ? -1 : 1;
}

/** Splits and checks the path of an update operator. */
export function updatePath(path: string): string[] {
  const names = path.split('.');
  if (names.includes('')) {
    throw new MongoFailure(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  for (const [depth, name] of names.entries()) {
    const isPositional = depth > 0 && /^\$(?:$|\[.*\]$)/.test(name);
    if (name.startsWith('$') && !isPositional && !['$ref', '$id', '$db'].includes(name)) {
      throw new MongoFailure(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${name}' in '${path}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
    }
  }
  return names;
}

/** Refuses two operators on one path, or on a path and one below it. The paths must be sorted. */
export function refuseConflicts(paths: readonly (readonly string[])[]): void {
  const seen = new Set<string>();
  const prefixes = new Set<string>();
  for (const path of paths) {
    const whole = path.join('.');
    const above = path.map((_, depth) => path.slice(0, depth + 1).join('.'));
    const conflict = above.find((prefix) => seen.has(prefix)) ?? (prefixes.has(whole) ? whole : undefined);
    if (conflict !== undefined) {
      throw new MongoFailure(
        'ConflictingUpdateOperators',
        `Updating the path '${whole}' would create a conflict at '${conflict}'`,
      );
    }
    seen.add(whole);
    for (const prefix of above) prefixes.add(prefix);
  }
}
