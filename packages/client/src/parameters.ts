import type { SQLInputValue } from 'node:sqlite';
import type { SqlParameter, SqlParameters } from './cache.ts';

/** Parameters as node:sqlite takes them. */
export interface BoundParameters {
  readonly named: Record<string, SQLInputValue>;
  readonly positional: readonly SQLInputValue[];
}

export function bound(parameters: SqlParameters): BoundParameters {
  if (isPositional(parameters)) return { named: {}, positional: parameters.map(boundValue) };
  const named = Object.entries(parameters).map(([name, value]) => [name, boundValue(value)] as const);
  return { named: Object.fromEntries(named), positional: [] };
}

function isPositional(parameters: SqlParameters): parameters is readonly SqlParameter[] {
  return Array.isArray(parameters);
}

function boundValue(value: SqlParameter): SQLInputValue {
  return typeof value === 'boolean' ? Number(value) : value;
}
