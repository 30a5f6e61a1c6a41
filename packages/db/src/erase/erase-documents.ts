import type pg from 'pg';
import { beginAppend } from '../statements/begin-append.ts';
import { commitAppend } from '../statements/commit-append.ts';
import { partitionName } from '../statements/partition.ts';
import { inTransaction } from '../transaction.ts';

/** Documents of an entity whose values are to be removed, by the leader of an epoch. */
export interface ErasedDocuments {
  readonly epoch: number;
  readonly entityId: number;
  readonly docIds: readonly string[];
}

/** How many rows were removed in each place. */
export interface ErasedRows {
  /** Documents of which there was anything, if only their Deletes; the ids that were asked for may be more. */
  readonly documents: number;
  readonly entries: number;
  readonly staged: number;
  readonly swept: number;
  readonly deadLetters: number;
}

/** `present`: documents whose newest entry is an Upsert; nothing was removed. `not-live`: the entity is being scanned. */
export type EraseOutcome =
  | { readonly kind: 'erased'; readonly rows: ErasedRows }
  | { readonly kind: 'present'; readonly docIds: readonly string[] }
  | { readonly kind: 'not-live' };

/**
 * Removes every entry of the documents but their newest, which is a Delete without data, and what else PostgreSQL keeps of them. A reader
 * anywhere in the oplog still meets the Delete, so the horizon stays. Takes no lock that appends wait for: an entry that is superseded stays
 * superseded. Passes over the partition twice (docs/decisions/0002-oplog-indexes.md). Fails with EMC-3002 if the epoch has been superseded.
 */
export function eraseDocuments(pool: pg.Pool, erased: ErasedDocuments): Promise<EraseOutcome> {
  const { epoch, entityId, docIds } = erased;
  return inTransaction(pool, async (client) => {
    const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'share', appends: false });
    const outcome = targets.get(entityId)?.lifecycle === 'live' ? await erase(client, { entityId, docIds }) : notLive;
    if (outcome.kind === 'erased') await commitAppend(client, { epoch, appended: false, controlChanged: false });
    else await client.query('ROLLBACK');
    return outcome;
  });
}

const notLive: EraseOutcome = { kind: 'not-live' };

async function erase(
  client: pg.PoolClient,
  { entityId, docIds }: Omit<ErasedDocuments, 'epoch'>,
): Promise<EraseOutcome> {
  const answer = await client.query<ErasedRows & { present: readonly string[] }>(eraseSql(partitionName(entityId)), [
    entityId,
    docIds,
  ]);
  const [row] = answer.rows;
  if (row === undefined) throw new Error('An aggregate returned no row.');
  const { present, ...rows } = row;
  return present.length > 0 ? { kind: 'present', docIds: present } : { kind: 'erased', rows };
}

/**
 * One statement, so that it sees one state: a document that is created again meanwhile keeps what is new. A dead letter that was replaced meanwhile
 * has another time. Up to `compacted_to` a document has one entry, so the counters of compaction change with the removed ones.
 */
const eraseSql = (partition: string): string => `
  WITH newest AS MATERIALIZED (
    SELECT doc_id, max(id) AS id, max(id) = COALESCE(max(id) FILTER (WHERE operation = 'Upsert'), 0) AS is_present
      FROM ${partition} WHERE doc_id = ANY ($2::text[]) GROUP BY doc_id
  ), target AS MATERIALIZED (
    SELECT doc_id FROM unnest($2::text[]) AS doc_id WHERE NOT EXISTS (SELECT FROM newest WHERE is_present)
  ), letter AS MATERIALIZED (
    SELECT id, updated_at FROM dead_letter WHERE entity_id = $1 AND doc_id IN (SELECT doc_id FROM target)
  ), removed AS (
    DELETE FROM ${partition} o USING newest
     WHERE o.doc_id = newest.doc_id AND o.id < newest.id AND o.doc_id IN (SELECT doc_id FROM target)
    RETURNING o.id, o.operation = 'Delete' AS is_delete
  ), counted AS (
    UPDATE oplog_compaction c
       SET kept = c.kept - (SELECT count(*) FROM removed r WHERE r.id <= c.compacted_to),
           tombstones = c.tombstones - (SELECT count(*) FROM removed r WHERE r.id <= c.compacted_to AND r.is_delete),
           removed_total = c.removed_total + (SELECT count(*) FROM removed)
     WHERE c.entity_id = $1
  ), staged AS (
    DELETE FROM oplog_staging WHERE entity_id = $1 AND doc_id IN (SELECT doc_id FROM target) RETURNING doc_id
  ), swept AS (
    DELETE FROM oplog_sweep WHERE entity_id = $1 AND doc_id IN (SELECT doc_id FROM target) RETURNING doc_id
  ), letters AS (
    DELETE FROM dead_letter d USING letter WHERE d.id = letter.id AND d.updated_at = letter.updated_at RETURNING d.doc_id
  ), documents AS (
    SELECT doc_id FROM newest UNION SELECT doc_id FROM staged UNION SELECT doc_id FROM swept UNION SELECT doc_id FROM letters
  )
  SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM removed) AS entries, (SELECT count(*) FROM staged) AS staged,
         (SELECT count(*) FROM swept) AS swept, (SELECT count(*) FROM letters) AS "deadLetters",
         ARRAY(SELECT doc_id FROM newest WHERE is_present) AS present`;
