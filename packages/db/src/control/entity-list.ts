import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import { listEntitiesOf } from './entities.ts';
import type { EntityRecord } from './entity-record.ts';

/**
 * Lists all entities, ordered by id, for loops that ask often: while no row of the table has changed, it answers with the
 * same array, and after a change it reads the changed rows only. Otherwise each of the steps of a creation would make every loop read every
 * entity (300 creations: 10 s of PostgreSQL's processor time). Counts of dead letters and coercion errors may be old.
 */
export function createEntityList(database: Database): () => Promise<readonly EntityRecord[]> {
  let known: Known = { stamp: null, rows: new Map(), entities: [] };
  return async () => {
    // Read before the rows: a change in between is then seen at the next call.
    const stamp = await readStamp(database);
    if (known.stamp !== stamp) known = await refreshed(database, known, stamp);
    return known.entities;
  };
}

interface Known {
  /** Null before the first reading. */
  readonly stamp: string | null;
  readonly rows: ReadonlyMap<number, KnownRow>;
  readonly entities: readonly EntityRecord[];
}

interface KnownRow {
  readonly xmin: string;
  readonly entity: EntityRecord;
}

/** A row that changes between the two statements is older in `rows` than what was read, so it is read again at the next change. */
async function refreshed(database: Database, known: Known, stamp: string): Promise<Known> {
  const current = await readRowStamps(database);
  const changed = current.filter(({ id, xmin }) => known.rows.get(id)?.xmin !== xmin).map(({ id }) => id);
  const read = changed.length === 0 ? [] : await listEntitiesOf(database, changed);
  const readById = new Map(read.map((entity) => [entity.entityId, entity]));
  const isChanged = new Set(changed);
  const rows = new Map<number, KnownRow>();
  for (const { id, xmin } of current) {
    const entity = isChanged.has(id) ? readById.get(id) : known.rows.get(id)?.entity;
    // It was deleted meanwhile.
    if (entity !== undefined) rows.set(id, { xmin, entity });
  }
  return { stamp, rows, entities: [...rows.values()].map(({ entity }) => entity) };
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

async function readRowStamps(database: Database): Promise<readonly { readonly id: number; readonly xmin: string }[]> {
  try {
    const answer = await database.pool.query<{ id: number; xmin: string }>({
      name: 'entity-row-stamps',
      text: 'SELECT e.id, e.xmin::text AS xmin FROM entity e ORDER BY e.id',
    });
    return answer.rows;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
