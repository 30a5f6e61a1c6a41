import type { ColumnCounts } from '@emcachers/core/document/projection';
import type pg from 'pg';

/** Adds to what the columns of an entity met. Only for display: a suffix that is appended again is counted again. */
export async function addColumnCounts(
  client: pg.PoolClient,
  added: { entityId: number; counts: ColumnCounts },
): Promise<void> {
  const { met, refused, outside } = added.counts;
  if (outside > 0) await addFilteredOut(client, { entityId: added.entityId, outside });
  if (met.every((count) => count === 0) && refused.every((count) => count === 0)) return;
  await client.query({
    name: 'add-column-counts',
    // A column without a count gets a row too, so that 0 can be told from a scan that has not begun.
    text: `INSERT INTO column_count (entity_id, column_index, met, coercion_errors)
           SELECT e.id, c.index - 1, c.met, c.refused
             FROM entity e, unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS c (met, refused, index)
            WHERE e.id = $1
           ON CONFLICT (entity_id, column_index) DO UPDATE
              SET met = column_count.met + EXCLUDED.met,
                  coercion_errors = column_count.coercion_errors + EXCLUDED.coercion_errors`,
    values: [added.entityId, met, refused],
  });
}

/** A table of its own: the entity's row is locked by every transaction that appends. */
async function addFilteredOut(client: pg.PoolClient, added: { entityId: number; outside: number }): Promise<void> {
  await client.query({
    name: 'add-filtered-out',
    text: `INSERT INTO filter_count (entity_id, filtered_out)
           SELECT e.id, $2 FROM entity e WHERE e.id = $1
           ON CONFLICT (entity_id) DO UPDATE SET filtered_out = filter_count.filtered_out + EXCLUDED.filtered_out`,
    values: [added.entityId, added.outside],
  });
}

/** A new scan counts from the beginning. */
export async function resetColumnCounts(client: pg.PoolClient, entityId: number): Promise<void> {
  await client.query('DELETE FROM column_count WHERE entity_id = $1', [entityId]);
  await client.query('DELETE FROM filter_count WHERE entity_id = $1', [entityId]);
}
