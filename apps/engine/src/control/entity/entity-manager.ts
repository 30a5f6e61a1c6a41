import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { type CacheIndex, indexProblems, normalIndexes } from '@emcachers/core/cache-index';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { NewEntity } from '@emcachers/core/new-entity';
import type { Asker } from '@emcachers/db/control/audit';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { Fleet } from '../fleet/fleet.ts';
import type { FleetMeasures } from '../fleet/fleet-measures.ts';
import { fleetView } from '../fleet/fleet-view.ts';
import type { EntityControl } from './entity-control.ts';
import { storedShape } from './stored-shape.ts';
import { unknownEntity } from './unknown-entity.ts';

/**
 * The Entity Manager lists, reads and creates entities. Anything that takes longer than one transaction is a job
 * (`job-server.ts`). Answers are read from PostgreSQL after the change that they report. If PostgreSQL is unreachable,
 * the answer is the last known view, with health `unknown`.
 */
export interface EntityManager {
  list(): Promise<EntityView[]>;
  /** Reads only this entity's rows. Throws EMC-5002 if there is no such entity. Names are case-insensitive. */
  get(entityName: string): Promise<EntityView>;
  /** Throws EMC-2007 if the source cannot be followed, EMC-5003 if the name is taken, EMC-5001 with the field if a path is invalid or there are too many streams, EMC-2010 if the filter is invalid, EMC-2020 if there is no key for its hashes. */
  create(entity: NewEntity, asker?: Asker): Promise<EntityView>;
  /** Throws EMC-5002 if there is no such entity, EMC-5004 if it is being deleted, EMC-5001 with the field if a column is unknown. */
  setIndexes(entityName: string, indexes: readonly CacheIndex[], asker?: Asker): Promise<EntityView>;
}

export interface EntityManagerDependencies {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly fleet: Fleet;
  readonly measures: FleetMeasures;
  readonly control: Pick<EntityControl, 'create' | 'find' | 'setIndexes'>;
  /** Throws EMC-2007 if the source cannot be followed. */
  readonly checkSource: (sourceName: string) => Promise<void>;
  /** Of the columns that are masked by a hash; null if none is set. */
  readonly maskKey: Uint8Array | null;
  /** The rows of one entity; empty if there is no such entity. Rejects with EMC-3001 if PostgreSQL is unreachable. */
  readonly readRows: (entityName: string) => Promise<FleetRows>;
}

export function createEntityManager(dependencies: EntityManagerDependencies): EntityManager {
  const { nodeId, fleet, measures, control, readRows } = dependencies;
  const viewOf = (rows: FleetRows, entityName: string): EntityView => {
    const [found] = fleetView({ rows, reachable: true, readAgeMs: 0, nodeId, measures }).entities;
    if (found === undefined) throw unknownEntity(entityName);
    return found;
  };
  const get = async (entityName: string): Promise<EntityView> => {
    const rows = await readInTime(dependencies, entityName);
    if (rows !== null) return viewOf(rows, entityName);
    return lastKnown(fleet.glance()?.view ?? (await fleet.read()), entityName);
  };
  return {
    get,
    async list() {
      const view = await fleet.read();
      if (view.entities.length === 0) refuseIfBlind(view);
      return view.entities;
    },
    async create(shape, asker) {
      const stored = storedShape(shape, dependencies.maskKey);
      await dependencies.checkSource(shape.sourceName);
      await control.create(asker === undefined ? stored : { ...stored, asker });
      // No last known view has the new entity, so a slow server is waited for, as it was for the insert.
      return viewOf(await readRows(shape.entityName), shape.entityName);
    },
    async setIndexes(entityName, indexes, asker) {
      const entity = await control.find(entityName);
      if (entity === null) throw unknownEntity(entityName);
      const [problem, ...others] = indexProblems(indexes, entity.columns).map(({ path, message }) => ({
        path: ['indexes', ...path],
        message,
      }));
      if (problem !== undefined)
        throw new EmcachersError({ code: 'EMC-5001', detail: problem.message, fields: [problem, ...others] });
      await control.setIndexes(entity.entityId, normalIndexes(indexes, entity.columns), asker);
      return viewOf(await readRows(entity.entityName), entity.entityName);
    },
  };
}

/** Null if PostgreSQL is unreachable or does not answer in time. */
async function readInTime(
  { clock, fleet, readRows }: EntityManagerDependencies,
  entityName: string,
): Promise<FleetRows | null> {
  const inTime = new AbortController();
  const late = clock.sleep(fleet.patienceMs(), inTime.signal).then(() => null);
  const rows = readRows(entityName).catch((error: unknown) => {
    if (error instanceof EmcachersError && error.code === 'EMC-3001') return null;
    throw error;
  });
  try {
    return await Promise.race([rows, late]);
  } finally {
    inTime.abort();
  }
}

function lastKnown(view: FleetView, entityName: string): EntityView {
  const found = view.entities.find((entity) => entity.entityName.toLowerCase() === entityName.toLowerCase());
  if (found !== undefined) return found;
  refuseIfBlind(view);
  // The view may come from a reading that began before the entity was created.
  throw new EmcachersError({ code: 'EMC-3001', detail: 'PostgreSQL did not answer in time.' });
}

/** "No such entity" is a valid answer only after PostgreSQL was read. */
function refuseIfBlind(view: FleetView): void {
  const oplog = view.stages.find(({ stage }) => stage === 'oplog');
  if (oplog?.health === 'unknown') throw new EmcachersError({ code: 'EMC-3001', detail: oplog.evidence });
}
