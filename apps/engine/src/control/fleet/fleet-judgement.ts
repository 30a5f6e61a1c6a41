import type { FleetCauses } from '@emcachers/core/fleet-cause';
import { deriveCauses } from '@emcachers/core/fleet-causes';
import { thresholds } from '@emcachers/core/status-facts';
import { defaultStreamId } from '@emcachers/db/control/streams';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { withoutDeparted } from './departed-nodes.ts';
import { nowOf, type Reading } from './fleet-reading.ts';
import { statusFacts } from './fleet-view.ts';
import type { PastOutage } from './outage-record.ts';

/** What is wrong in the fleet by the newest reading. */
export interface FleetJudgement {
  readonly findCauses: () => FleetCauses;
  /** The names of all entities. */
  readonly entities: readonly string[];
  /** False if PostgreSQL did not answer last. */
  readonly isReachable: boolean;
  readonly readAgeMs: number;
  /** The node that keeps the incidents; null if no node reports. */
  readonly keeperNodeId: string | null;
  /** The newest outage of PostgreSQL that is over; null if this process has seen none. */
  readonly outage: PastOutage | null;
}

export function judge(given: Reading, outage: PastOutage | null): FleetJudgement {
  const reading = { ...given, rows: withoutDeparted(given.rows) };
  return {
    findCauses: () => deriveCauses(statusFacts(reading)),
    entities: reading.rows.entities.map(({ entityName }) => entityName),
    isReachable: reading.reachable,
    readAgeMs: reading.readAgeMs,
    keeperNodeId: keeperOf(reading.rows, nowOf(reading)),
    outage,
  };
}

/** The leader of the default stream, or, so that its absence is recorded too, the first node that reports. */
function keeperOf({ nodes, streams }: Pick<FleetRows, 'nodes' | 'streams'>, nowMs: number): string | null {
  const prompt = nodes
    .filter(({ heartbeatAtMs }) => nowMs - heartbeatAtMs <= thresholds.reportAgeMsMax)
    .map(({ nodeId }) => nodeId);
  const leader = streams.find(({ streamId }) => streamId === defaultStreamId)?.leader.nodeId ?? null;
  if (leader !== null && prompt.includes(leader)) return leader;
  return prompt.toSorted()[0] ?? null;
}
