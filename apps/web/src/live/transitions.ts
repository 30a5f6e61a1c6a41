import type { FleetView } from '@emcachers/core/api-views';
import { activityWords } from '../entity-facts/status-words.ts';

/** Up to this many changes are announced one by one; more are announced as a count. */
const toldMax = 3;

/**
 * The announcement when a new fleet view replaces the old one: changes of activity and health, new and deleted entities.
 * Figures are never announced. Null if there is nothing to announce.
 */
export function announceTransitions(before: FleetView, after: FleetView): string | null {
  const known = new Map(before.entities.map((entity) => [entity.entityName, entity]));
  const told: string[] = [];
  for (const entity of after.entities) {
    const old = known.get(entity.entityName);
    known.delete(entity.entityName);
    if (old === undefined) told.push(`${entity.entityName}: added`);
    else if (old.activity !== entity.activity) told.push(`${entity.entityName}: ${activityWords[entity.activity]}`);
    else if (old.health !== entity.health) told.push(`${entity.entityName}: ${healthNews[entity.health]}`);
  }
  for (const gone of known.keys()) told.push(`${gone}: deleted`);
  if (told.length === 0) return null;
  return told.length <= toldMax ? `${told.join('. ')}.` : `${told.length} entities changed their status.`;
}

const healthNews = {
  ok: 'healthy again',
  degraded: 'degraded',
  failed: 'failing',
  unknown: 'no recent report',
} as const;
