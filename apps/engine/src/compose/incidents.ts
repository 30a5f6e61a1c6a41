import { keepIncidents, pruneIncidents } from '@emcachers/db/control/incident-keeping';
import { acknowledgeIncident, readIncidents } from '@emcachers/db/control/incidents';
import type { FleetSampler } from '../control/fleet/fleet-sampler.ts';
import { createIncidentKeeper } from '../control/incident/incident-keeper.ts';
import { createIncidents, type Incidents } from '../control/incident/incidents.ts';
import type { Service } from '../runtime/service.ts';
import type { Shared } from './shared.ts';

/** What operators do with incidents, and the service that opens and closes them. */
export function createIncidentControl(
  { clock, log, nodeId, config, database }: Shared,
  fleet: Pick<FleetSampler, 'judgement'>,
): { readonly incidents: Incidents; readonly keeper: Service } {
  const { reopenMs, days, ...options } = config.incidents;
  return {
    incidents: createIncidents({
      read: (filter) => readIncidents(database.pool, filter),
      acknowledge: (id, asker) => acknowledgeIncident(database, id, asker),
    }),
    keeper: createIncidentKeeper(
      {
        ...{ clock, log, nodeId },
        judgement: () => fleet.judgement(),
        keep: (plan) => keepIncidents(database, reopenMs, plan),
        prune: () => pruneIncidents(database, days),
      },
      options,
    ),
  };
}
