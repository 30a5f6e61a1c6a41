import type { FleetRows, StreamRow } from '@emcachers/db/fleet/fleet-rows';

/**
 * The rows without nodes that have signed off and without their caches: nobody reads those, so they say nothing about health,
 * lag or freshness. A leader that has signed off leads no more. The same rows if every node is there.
 */
export function withoutDeparted(rows: FleetRows): FleetRows {
  const departed = new Set(rows.nodes.filter((node) => node.leftAtMs !== null).map((node) => node.nodeId));
  if (departed.size === 0) return rows;
  const isThere = ({ nodeId }: { readonly nodeId: string }): boolean => !departed.has(nodeId);
  return {
    ...rows,
    nodes: rows.nodes.filter(isThere),
    caches: rows.caches.filter(isThere),
    streams: rows.streams.map((stream) => (departed.has(stream.leader.nodeId ?? '') ? withoutLeader(stream) : stream)),
  };
}

function withoutLeader(stream: StreamRow): StreamRow {
  return { ...stream, leader: { ...stream.leader, nodeId: null } };
}
