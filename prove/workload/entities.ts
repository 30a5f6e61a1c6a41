/** An operator who creates, refreshes, rebuilds, pauses, resumes and deletes entities at random, through the REST API. */
import type { ProvedColumn, ProvedShape } from '../oracle/expected-rows.ts';
import type { Dice } from './dice.ts';
import { collectionNames, databaseName } from './documents.ts';
import { paths } from './values.ts';

/** Few names, so that they are used again with other shapes and in other streams. */
const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
/** The first two always have an entity; the last one comes with its first entity, goes with its last one, and returns. */
const streams = ['default', 'east', 'west'];
const columnTypes = ['JSONB', 'Any', 'Bool', 'Number', 'Integer', 'Text'] as const;

export interface StreamedShape extends ProvedShape {
  readonly stream: string;
}

export function anyShape(dice: Dice): StreamedShape {
  const columns: ProvedColumn[] = Array.from({ length: dice.between(1, 6) }, (_, index) => ({
    name: `column${index}`,
    type: dice.pick(columnTypes),
    path: dice.pick(paths),
  }));
  if (dice.chance(0.3)) columns.push({ name: 'whole', type: 'JSONB', path: '$' });
  const rev: ProvedColumn = { name: 'rev', type: 'Integer', path: 'rev' };
  const sourceName = `${databaseName}.${dice.pick(collectionNames)}`;
  return { entityName: dice.pick(names), sourceName, stream: dice.pick(streams), columns: [rev, ...columns] };
}

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
  { kind: 'create', weight: 6 },
  { kind: 'refresh', weight: 5 },
  { kind: 'rebuild', weight: 2 },
  { kind: 'pause', weight: 1 },
  { kind: 'resume', weight: 2 },
  { kind: 'delete', weight: 2 },
];

export function anyRequest(dice: Dice): Request {
  const { kind } = dice.weighted(choices);
  const entity = `/api/v1/entities/${dice.pick(names)}`;
  if (kind === 'create') return { kind, method: 'POST', path: '/api/v1/entities', body: anyShape(dice) };
  if (kind === 'delete') return { kind, method: 'DELETE', path: entity };
  return { kind, method: 'POST', path: `${entity}/${kind}`, body: kind === 'refresh' ? { allowLargeSweep: true } : {} };
}
