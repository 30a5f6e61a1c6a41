import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Asker } from '@emcachers/db/control/audit';
import type { IncidentFilter, IncidentRecord } from '@emcachers/db/control/incidents';
import { type Page, pageOf } from '../browse/page-of.ts';
import { type IncidentView, incidentView } from './incident-view.ts';

/** What operators do with incidents. They open and close none. */
export interface Incidents {
  readPage(filter: IncidentFilter): Promise<Page<IncidentView>>;
  /** Notes that an operator knows of it. It stays open, and is no longer counted as new. Throws EMC-5005 if there is none. */
  acknowledge(id: number, asker: Asker): Promise<IncidentView>;
}

export interface IncidentsDependencies {
  readonly read: (filter: IncidentFilter) => Promise<readonly IncidentRecord[]>;
  /** Null if there is no such incident. */
  readonly acknowledge: (id: number, asker: Asker) => Promise<IncidentRecord | null>;
}

export function createIncidents({ read, acknowledge }: IncidentsDependencies): Incidents {
  return {
    readPage: async (filter) => pageOf(await read({ ...filter, limit: filter.limit + 1 }), filter.limit, incidentView),
    async acknowledge(id, asker) {
      const record = await acknowledge(id, asker);
      if (record !== null) return incidentView(record);
      throw new EmcachersError({ code: 'EMC-5005', detail: `There is no incident with the id ${id}.` });
    },
  };
}
