import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { activityWords } from '../entity-facts/status-words.ts';

/** Up to this many changes are announced one by one; more are announced as a count. */
const namedMax = 3;

/**
 * The announcement when a new fleet view replaces the old one: changes of activity and health, new and deleted entities.
 * Figures are never announced. Null if there is nothing to announce.
 */
export function announceTransitions(before: FleetView, after: FleetView): string | null {
  const known = new Map(before.entities.map((entity) => [entity.entityName, entity]));
  const changes: string[] = [];
  for (const entity of after.entities) {
    const change = changeOf(known.get(entity.entityName), entity);
    if (change !== null) changes.push(`${entity.entityName}: ${change}`);
    known.delete(entity.entityName);
  }
  for (const deleted of known.keys()) changes.push(`${deleted}: deleted`);
  if (changes.length === 0) return null;
  return changes.length <= namedMax ? `${changes.join('. ')}.` : `${changes.length} entities changed their status.`;
}

function changeOf(before: EntityView | undefined, after: EntityView): string | null {
  if (before === undefined) return 'added';
  if (before.activity !== after.activity) return activityWords[after.activity];
  return before.health === after.health ? null : healthNews[after.health];
}

const healthNews = {
  ok: 'healthy again',
  degraded: 'degraded',
  failed: 'failing',
  unknown: 'no recent report',
} as const;
