import type pg from 'pg';

/** Documents of an entity under one run of its scan. */
export interface RunDocuments {
  readonly entityId: number;
  readonly runId: string;
  readonly docIds: readonly string[];
}

/**
 * Marks in staging the documents whose live operations this transaction appends to the oplog while a refresh scans their entity.
 * The scan and the sweep of the run leave marked documents alone. Promotion removes the marks; there is nothing to move.
 */
export async function markChanged(
  client: pg.PoolClient,
  { entityId, runId, docIds, epoch }: RunDocuments & { readonly epoch: number },
): Promise<void> {
  await client.query({
    name: 'mark-changed',
    text: `INSERT INTO oplog_staging (entity_id, run_id, operation, doc_id, epoch)
           SELECT $1, $2, 'Changed', doc_id, $4 FROM unnest($3::text[]) AS changed (doc_id)`,
    values: [entityId, runId, docIds, epoch],
  });
}

/** Those of the documents that are marked under the run. The entity must be locked for `update`, so that none is missed. */
export async function findChanged(
  client: pg.PoolClient,
  { entityId, runId, docIds }: RunDocuments,
): Promise<ReadonlySet<string>> {
  const answer = await client.query<{ docId: string }>({
    name: 'find-changed',
    text: `SELECT DISTINCT doc_id AS "docId" FROM oplog_staging
            WHERE entity_id = $1 AND run_id = $2 AND doc_id = ANY ($3)`,
    values: [entityId, runId, docIds],
  });
  return new Set(answer.rows.map(({ docId }) => docId));
}
