import type pg from 'pg';
import { clearAllDeadLetters } from './dead-letters.ts';
import { markCollection } from './scan-state.ts';

/** With more entries than this an emptied source is rescanned instead, to keep the transaction short. */
export const truncateEntriesMax = 200_000;

/**
 * For a dropped source: removes its dead letters and appends a Delete for every document whose newest entry is an Upsert, at this position of the stream.
 * Returns the number of entries; null, without any change, if the entity is too large for one transaction.
 */
export async function truncateEntity(
  client: pg.PoolClient,
  entity: { entityId: number; version: number; epoch: number },
): Promise<number | null> {
  const counted = await client.query<{ entries: number }>(
    'SELECT count(*) AS entries FROM (SELECT 1 FROM oplog WHERE entity_id = $1 LIMIT $2) AS bounded',
    [entity.entityId, truncateEntriesMax + 1],
  );
  if ((counted.rows[0]?.entries ?? 0) > truncateEntriesMax) return null;
  await clearAllDeadLetters(client, entity.entityId);
  await markCollection(client, { entityId: entity.entityId, collectionUuid: null });
  const answer = await client.query(
    `INSERT INTO oplog (entity_id, operation, doc_id, version, epoch)
     SELECT $1, 'Delete', doc_id, $2, $3 FROM oplog WHERE entity_id = $1
      GROUP BY doc_id HAVING max(id) = max(id) FILTER (WHERE operation = 'Upsert')
      ORDER BY doc_id`,
    [entity.entityId, entity.version, entity.epoch],
  );
  return answer.rowCount ?? 0;
}
