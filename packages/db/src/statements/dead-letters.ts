import type pg from 'pg';

/** A document that could not be projected. `raw` is its BSON; null if there is none. */
export interface DeadLetter {
  readonly entityId: number;
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  readonly raw: Uint8Array | null;
}

/** Of a larger document only id and reason are stored, so that the table does not become a second copy of the source. */
export const rawBytesMax = 256 * 1024;
const reasonCharsMax = 2_000;

/** Stores dead letters in the transaction that moves the position past them (I10). A document has one: the newest. */
export async function putDeadLetters(client: pg.PoolClient, letters: readonly DeadLetter[]): Promise<void> {
  for (const letter of letters) {
    const raw = letter.raw !== null && letter.raw.byteLength <= rawBytesMax ? letter.raw : null;
    await client.query({
      name: 'put-dead-letter',
      // clock_timestamp, not now(), because the time decides whether a dead letter belongs to the current scan.
      text: `INSERT INTO dead_letter (entity_id, doc_id, error_code, reason, raw, created_at, updated_at)
             SELECT $1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() FROM entity WHERE id = $1
             ON CONFLICT (entity_id, doc_id) DO UPDATE
                SET error_code = EXCLUDED.error_code, reason = EXCLUDED.reason, raw = EXCLUDED.raw,
                    attempts = dead_letter.attempts + 1, updated_at = EXCLUDED.updated_at`,
      values: [letter.entityId, letter.docId, letter.errorCode, letter.reason.slice(0, reasonCharsMax), raw],
    });
  }
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

/** Counts values that a column could not hold, for display. */
export async function addCoercionErrors(
  client: pg.PoolClient,
  errors: { entityId: number; count: number },
): Promise<void> {
  if (errors.count === 0) return;
  await client.query({
    name: 'add-coercion-errors',
    text: `INSERT INTO entity_counter (entity_id, coercion_errors) SELECT id, $2 FROM entity WHERE id = $1
           ON CONFLICT (entity_id) DO UPDATE SET coercion_errors = entity_counter.coercion_errors + EXCLUDED.coercion_errors`,
    values: [errors.entityId, errors.count],
  });
}
