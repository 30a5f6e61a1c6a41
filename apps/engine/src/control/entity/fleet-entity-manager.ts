import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Fleet } from '../fleet/fleet.ts';
import type { EntityControl } from './entity-control.ts';
import type { EntityManager } from './entity-manager.ts';
import { unknownEntity } from './unknown-entity.ts';

/** Every answer is read from the store after what it tells has happened there. */
export function createEntityManager(dependencies: {
  readonly fleet: Fleet;
  readonly control: EntityControl;
}): EntityManager {
  const { fleet, control } = dependencies;
  const get = async (entityName: string): Promise<EntityView> => {
    const picture = await fleet.read();
    const found = picture.entities.find((entity) => entity.entityName.toLowerCase() === entityName.toLowerCase());
    if (found !== undefined) return found;
    refuseIfBlind(picture);
    throw unknownEntity(entityName);
  };
  return {
    get,
    async list() {
      const picture = await fleet.read();
      if (picture.entities.length === 0) refuseIfBlind(picture);
      return picture.entities;
    },
    async create(shape) {
      await control.create(shape);
      return get(shape.entityName);
    },
  };
}

/** "There is none" is an answer only of a store that was read. */
function refuseIfBlind(picture: FleetView): void {
  const oplog = picture.stages.find(({ stage }) => stage === 'oplog');
  if (oplog?.health === 'unknown') throw new EmcachersError({ code: 'EMC-3001', detail: oplog.evidence });
}
