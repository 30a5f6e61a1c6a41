import type { EntityView, FleetView } from '@emcachers/core/api-views';

/**
 * The fleet view when it is too old to say anything about now (I12): every verdict becomes unknown, and so do figures that
 * only hold at one moment, such as lag. Figures that stay true with their time, such as offsets, remain.
 * `at` is the time of the view in words.
 */
export function asOf(fleet: FleetView, at: string): FleetView {
  return {
    ...fleet,
    health: 'unknown',
    sentence: `The state of the entities is unknown since ${at}.`,
    detail: `Last known: ${fleet.sentence}`,
    stages: fleet.stages.map((stage) => ({ ...stage, health: 'unknown', evidence: `As of ${at}` })),
    entities: fleet.entities.map(entityAsOf),
    nodes: fleet.nodes.map((node) => ({ ...node, health: 'unknown' })),
  };
}

/** The reason is left out, because the page names the one cause of everything that is unknown on it. */
export function entityAsOf(entity: EntityView): EntityView {
  return {
    ...entity,
    health: 'unknown',
    reason: null,
    lagEntries: null,
    lagMs: null,
    lagByHop: { captureMs: null, applyMs: null },
    ratePerSecond: null,
    scan: { ...entity.scan, ratePerSecond: null },
    nodes: entity.nodes.map((node) => ({ ...node, health: 'unknown', lagEntries: null, lagMs: null })),
  };
}
