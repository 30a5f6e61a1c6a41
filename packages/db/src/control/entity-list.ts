import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { listEntities } from './entities.ts';
import type { EntityRecord } from './entity-record.ts';

/**
 * Lists all entities, as `listEntities`, for loops that ask often: while no row of the table has changed, it answers with the
 * same array, and the cost does not grow with the columns of the entities. Counts of dead letters and coercion errors may be old.
 */
export function createEntityList(database: Database): () => Promise<readonly EntityRecord[]> {
  let known: { readonly stamp: string; readonly entities: readonly EntityRecord[] } | null = null;
  return async () => {
    // Read before the list: a change in between is then seen at the next call.
    const stamp = await readStamp(database);
    if (known === null || known.stamp !== stamp) known = { stamp, entities: await listEntities(database) };
    return known.entities;
  };
}

/** Every update of a row gives it a new `xmin`. */
const stampSql = `SELECT md5(string_agg(e.id || ' ' || e.xmin, ',' ORDER BY e.id)) AS stamp FROM entity e`;

async function readStamp(database: Database): Promise<string> {
  try {
    const answer = await database.pool.query<{ stamp: string | null }>({ name: 'entity-stamp', text: stampSql });
    return answer.rows[0]?.stamp ?? '';
  } catch (error) {
    throw toDatabaseError(error);
  }
}
