import type pg from 'pg';

/** A document that could not be projected. `raw` is its BSON; null if there is none. */
export interface DeadLetter {
  readonly entityId: number;
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  /** The column whose policy refused the document; absent if it was refused for another reason. */
  readonly columnName?: string;
  readonly raw: Uint8Array | null;
  /** Raw `{ _id }`, to read the document again; null if there is none. */
  readonly documentKey: Uint8Array | null;
  /** How often the document was refused since its last dead letter; more than once if a batch has several changes of it. */
  readonly attempts: number;
}

/** Of a larger document only id and reason are stored, so that the table does not become a second copy of the source. */
export const rawBytesMax = 256 * 1024;
const reasonCharsMax = 2_000;

/** Dead letters that are kept for an entity by default. */
export const deadLettersMaxDefault = 10_000;

/**
 * Stores dead letters in the transaction that moves the position past them (I10). A document has one: the newest. Of each entity
 * the `keep` newest are kept.
 */
export async function putDeadLetters(
  client: pg.PoolClient,
  letters: readonly DeadLetter[],
  keep: number = deadLettersMaxDefault,
): Promise<void> {
  for (const letter of letters) {
    const raw = bounded(letter.raw);
    const docId = withoutNul(letter.docId);
    const reason = withoutNul(letter.reason).slice(0, reasonCharsMax);
    await client.query({
      name: 'put-dead-letter',
      // clock_timestamp, not now(), because the time decides whether a dead letter belongs to the current scan.
      text: `INSERT INTO dead_letter (entity_id, doc_id, error_code, reason, raw, document_key, attempts, column_name, created_at, updated_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), clock_timestamp() FROM entity WHERE id = $1
             ON CONFLICT (entity_id, doc_id) DO UPDATE
                SET error_code = EXCLUDED.error_code, reason = EXCLUDED.reason, raw = EXCLUDED.raw,
                    column_name = EXCLUDED.column_name,
                    document_key = EXCLUDED.document_key, attempts = dead_letter.attempts + EXCLUDED.attempts, updated_at = EXCLUDED.updated_at`,
      values: [
        letter.entityId,
        docId,
        letter.errorCode,
        reason,
        raw,
        bounded(letter.documentKey),
        letter.attempts,
        letter.columnName ?? null,
      ],
    });
  }
  for (const entityId of new Set(letters.map((letter) => letter.entityId)))
    await dropOldest(client, { entityId, keep });
}

/** PostgreSQL refuses NUL in a text. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

function bounded(bytes: Uint8Array | null): Uint8Array | null {
  return bytes !== null && bytes.byteLength <= rawBytesMax ? bytes : null;
}

async function dropOldest(
  client: pg.PoolClient,
  { entityId, keep }: { entityId: number; keep: number },
): Promise<void> {
  await client.query({
    name: 'drop-oldest-dead-letters',
    text: `DELETE FROM dead_letter WHERE id IN
             (SELECT id FROM dead_letter WHERE entity_id = $1 ORDER BY updated_at DESC, id DESC OFFSET $2)`,
    values: [entityId, keep],
  });
}

/** Removes all dead letters of an entity whose source no longer has any documents. */
export async function clearAllDeadLetters(client: pg.PoolClient, entityId: number): Promise<void> {
  await client.query('DELETE FROM dead_letter WHERE entity_id = $1', [entityId]);
}

/** Removes the dead letter of a document that has been projected successfully. */
export async function clearDeadLetters(
  client: pg.PoolClient,
  letters: { entityId: number; docIds: readonly string[] },
): Promise<void> {
  await client.query({
    name: 'clear-dead-letters',
    text: 'DELETE FROM dead_letter WHERE entity_id = $1 AND doc_id = ANY ($2::text[])',
    values: [letters.entityId, letters.docIds],
  });
}
