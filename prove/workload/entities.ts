/** An operator who creates, refreshes, rebuilds, pauses, resumes and deletes entities at random, through the REST API. */
import type { Dice } from './dice.ts';
import { anyShape, entityNames } from './shapes.ts';

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
  const entity = `/api/v1/entities/${dice.pick(entityNames)}`;
  if (kind === 'create') return { kind, method: 'POST', path: '/api/v1/entities', body: anyShape(dice) };
  if (kind === 'delete') return { kind, method: 'DELETE', path: entity };
  return { kind, method: 'POST', path: `${entity}/${kind}`, body: kind === 'refresh' ? { allowLargeSweep: true } : {} };
}
