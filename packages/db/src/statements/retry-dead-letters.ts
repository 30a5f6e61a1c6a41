import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** A dead letter as a retry found it. */
export interface RetriedLetter {
  readonly id: number;
  readonly docId: string;
  /** Raw `{ _id }`; null if it was too large to keep. */
  readonly documentKey: Uint8Array | null;
  /** Changes each time that the document is refused again. */
  readonly revision: string;
}

/** Which dead letters to read. */
export interface LetterFilter {
  readonly entityId: number;
  /** Null: of all documents. */
  readonly docIds: readonly string[] | null;
  readonly afterId: number;
  readonly limit: number;
}

const revision = '(extract(epoch FROM d.updated_at) * 1000000)::int8::text';

/** Dead letters in the order in which their documents were first refused. Throws EMC-3001 if PostgreSQL is unreachable. */
export async function readLettersToRetry(pool: pg.Pool, filter: LetterFilter): Promise<readonly RetriedLetter[]> {
  try {
    const answer = await pool.query<RetriedLetter>(
      `SELECT d.id, d.doc_id AS "docId", d.document_key AS "documentKey", ${revision} AS revision
         FROM dead_letter d
        WHERE d.entity_id = $1 AND d.id > $2 AND ($3::text[] IS NULL OR d.doc_id = ANY ($3))
        ORDER BY d.id LIMIT $4`,
      [filter.entityId, filter.afterId, filter.docIds, filter.limit],
    );
    return answer.rows;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** The number of dead letters of an entity and the highest id among them; 0 if it has none. */
export async function readLetterExtent(
  pool: pg.Pool,
  filter: Pick<LetterFilter, 'entityId' | 'docIds'>,
): Promise<{ readonly count: number; readonly lastId: number }> {
  try {
    const answer = await pool.query<{ count: number; lastId: number }>(
      `SELECT count(*) AS count, COALESCE(max(id), 0) AS "lastId" FROM dead_letter
        WHERE entity_id = $1 AND ($2::text[] IS NULL OR doc_id = ANY ($2))`,
      [filter.entityId, filter.docIds],
    );
    return answer.rows[0] ?? { count: 0, lastId: 0 };
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/**
 * The DocIDs of those letters that are as the retry found them, locked until the transaction ends. A letter that is gone or has
 * another revision belongs to a document that the stream or a scan has met since: what the retry read of it may be older.
 */
export async function lockUnchangedLetters(
  client: pg.PoolClient,
  { entityId, letters }: { entityId: number; letters: readonly RetriedLetter[] },
): Promise<ReadonlySet<string>> {
  const answer = await client.query<{ docId: string }>(
    `SELECT d.doc_id AS "docId" FROM dead_letter d
       JOIN unnest($2::int8[], $3::text[]) AS found (id, revision) ON found.id = d.id AND found.revision = ${revision}
      WHERE d.entity_id = $1 ORDER BY d.id FOR UPDATE OF d`,
    [entityId, letters.map(({ id }) => id), letters.map((letter) => letter.revision)],
  );
  return new Set(answer.rows.map(({ docId }) => docId));
}

/** Deletes dead letters, all or those of some documents. Returns how many. */
export async function discardDeadLetters(
  pool: pg.Pool,
  { entityId, docIds }: Pick<LetterFilter, 'entityId' | 'docIds'>,
): Promise<number> {
  try {
    const answer = await pool.query(
      'DELETE FROM dead_letter WHERE entity_id = $1 AND ($2::text[] IS NULL OR doc_id = ANY ($2))',
      [entityId, docIds],
    );
    return answer.rowCount ?? 0;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
