import { findEntity } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Database } from '@emcachers/db/database';

/** As `findEntity`, for a test that knows that the entity exists. */
export async function getEntity(database: Database, name: string): Promise<EntityRecord> {
  const entity = await findEntity(database, name);
  if (entity === null) throw new Error(`There is no entity named ${name}.`);
  return entity;
}
