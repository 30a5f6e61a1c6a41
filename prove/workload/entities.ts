/** An operator who creates and deletes entities, gives them other indexes and requests jobs at random, through the REST API. */
import { BSON } from 'mongodb';
import type { Dice } from './dice.ts';
import { anyIndexes, anyShape, entityNames } from './shapes.ts';
import { anyId } from './values.ts';

export interface Request {
  readonly kind: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

interface Choice {
  readonly kind: string;
  readonly weight: number;
}

const choices: readonly Choice[] = [
  { kind: 'create', weight: 8 },
  { kind: 'refresh', weight: 4 },
  { kind: 'refresh-documents', weight: 5 },
  { kind: 'indexes', weight: 4 },
  { kind: 'rebuild', weight: 2 },
  { kind: 'verify', weight: 1.5 },
  { kind: 'repair', weight: 0.5 },
  { kind: 'pause', weight: 1 },
  { kind: 'resume', weight: 2 },
  { kind: 'delete', weight: 5 },
];

export function anyRequest(dice: Dice): Request {
  const { kind } = dice.weighted(choices);
  const entity = `/api/v1/entities/${dice.pick(entityNames)}`;
  if (kind === 'create') return { kind, method: 'POST', path: '/api/v1/entities', body: anyShape(dice) };
  if (kind === 'delete') return { kind, method: 'DELETE', path: entity };
  const method = kind === 'indexes' ? 'PUT' : 'POST';
  return { kind, method, path: `${entity}/${kind}`, body: bodyOf(kind, dice) };
}

function bodyOf(kind: string, dice: Dice): object {
  if (kind === 'refresh') return { allowLargeSweep: true };
  if (kind === 'refresh-documents') return { documents: dice.pick(selections)(dice) };
  return kind === 'indexes' ? { indexes: anyIndexes(dice) } : {};
}

/** Documents to be read again, in each of the ways that a request can name them. */
const selections: readonly ((dice: Dice) => object)[] = [
  (dice) => ({ ids: Array.from({ length: dice.between(1, 40) }, () => extendedJson(anyId(dice))) }),
  (dice) => ({ query: { rev: { $mod: [dice.between(1, 4), 0] } } }),
  (dice) => ({ query: { a: { $exists: dice.chance(0.5) } } }),
  () => ({ since: '1970-01-01T00:00:00Z', field: 'b' }),
  () => ({ since: '1970-01-01T00:00:00Z' }),
];

function extendedJson(value: unknown): unknown {
  return BSON.EJSON.serialize({ value }, { relaxed: false })['value'];
}
