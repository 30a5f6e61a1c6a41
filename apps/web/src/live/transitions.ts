import type { FleetView } from '@emcachers/core/api-views';
import { activityWords } from '../entity-facts/status-words.ts';

/** At most so many changes are told one by one; more are told as a number. */
const toldMax = 3;

/**
 * What a screen reader is told when a new picture replaces the old one: changes of activity and health, entities that
 * came or went. Figures are never announced. Null when there is nothing to say.
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
  ok: 'well again',
  degraded: 'degraded',
  failed: 'failing',
  unknown: 'no recent report',
} as const;
