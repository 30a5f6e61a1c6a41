import type { FleetView, Health } from '@emcachers/core/api-views';
import type { AgedFleetView } from '../control/fleet/fleet.ts';
import type { ServiceState } from '../runtime/supervisor.ts';

/** The body of `GET /health`: the fleet's status sentence and each component by name. */
export interface HealthReport {
  readonly health: Health;
  readonly sentence: string;
  readonly detail: string;
  /** What an operator should check although it is no fault: health does not depend on it. */
  readonly warnings: readonly HealthWarning[];
  readonly components: readonly { readonly name: string; readonly health: Health; readonly evidence: string }[];
  readonly at: string;
  /** How long ago PostgreSQL was read for this picture, milliseconds. */
  readonly ageMs: number;
}

export interface HealthWarning {
  /** Null if it concerns no single entity. */
  readonly entityName: string | null;
  readonly warning: string;
}

export function healthReport({ view: fleet, ageMs }: AgedFleetView, services: readonly ServiceState[]): HealthReport {
  const stages = fleet.stages.map(({ stage, health, evidence }) => ({ name: stage, health, evidence }));
  const { streams } = fleet;
  const led = (streams.length > 1 ? streams : []).map(({ stream, health, reason, leader }) => ({
    name: `stream ${stream}`,
    health,
    evidence: reason ?? `led by ${leader?.nodeId ?? 'no node'}`,
  }));
  const loops = services.map((state) => ({
    name: `service ${state.name}`,
    health: state.status === 'running' ? ('ok' as const) : ('degraded' as const),
    evidence: state.status === 'running' ? 'running' : (state.lastFault?.message ?? state.status),
  }));
  const { health, sentence, detail, at } = fleet;
  const warnings = [
    ...headroomWarnings(fleet),
    ...fleet.entities.flatMap(({ entityName, warnings }) => warnings.map((warning) => ({ entityName, warning }))),
  ];
  return { health, sentence, detail, warnings, components: [...stages, ...led, ...loops], at, ageMs };
}

function headroomWarnings({ sourceOplog: { level, reason } }: FleetView): HealthWarning[] {
  const isShort = level === 'warning' || level === 'critical';
  return isShort && reason !== null ? [{ entityName: null, warning: reason }] : [];
}

export interface Readiness {
  readonly ready: boolean;
  readonly reason: string | null;
}

/**
 * Ready means that the engine can answer requests. PostgreSQL must have been read. MongoDB may be unreachable and caches may lag:
 * they serve their rows while they catch up.
 */
export function readinessOf(fleet: FleetView | null): Readiness {
  if (fleet === null) return { ready: false, reason: 'PostgreSQL has not been read yet.' };
  const oplog = fleet.stages.find(({ stage }) => stage === 'oplog');
  if (oplog?.health === 'unknown') return { ready: false, reason: oplog.evidence };
  return { ready: true, reason: null };
}
