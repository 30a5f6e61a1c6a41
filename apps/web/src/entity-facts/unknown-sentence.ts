import type { FleetView } from '@emcachers/core/api-views';

/**
 * The engine's own sentence while it cannot read PostgreSQL, for the title of a page that would otherwise draw a conclusion from rows
 * that were read before (I12); null while it can.
 */
export function unknownSentence(fleet: FleetView | undefined): string | null {
  const oplog = fleet?.stages.find(({ stage }) => stage === 'oplog');
  return fleet !== undefined && oplog?.health === 'unknown' ? fleet.sentence : null;
}
