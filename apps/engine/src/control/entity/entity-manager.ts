import type { EntityView } from '@emcachers/core/api-views';
import type { Shape } from '@emcachers/core/shape';

/**
 * The Entity Manager: what entities exist, as operators see and change them. Everything that takes longer than one
 * transaction is a job (`job-server.ts`).
 */
export interface EntityManager {
  list(): Promise<EntityView[]>;
  /** EMC-5002 where no entity has the name; names are compared without regard to case. */
  get(entityName: string): Promise<EntityView>;
  /** EMC-5003 where the name is taken, EMC-5001 with the field where a path cannot be read. */
  create(shape: Shape): Promise<EntityView>;
}
