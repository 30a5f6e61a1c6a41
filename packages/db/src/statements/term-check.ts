import type pg from 'pg';

/** Terms are those of the reader's stream. Whether a reader that has seen every entry up to `offset` under `termId` may continue, and the newest term. */
export interface TermCheck {
  /** Null before the first leader. */
  readonly newestTermId: string | null;
  readonly continues: boolean;
}

/**
 * Ids only grow within the terms that the table has. So a reader's entries are still those of the oplog if its term is there
 * and each later term began above its offset. A restored database has lost the term, or its next term began lower.
 */
const sql = `
  SELECT (SELECT term_id FROM leader_term newest WHERE newest.stream_id = $3 ORDER BY epoch DESC LIMIT 1) AS "newestTermId",
         EXISTS (SELECT 1 FROM leader_term WHERE term_id = $1::uuid)
           AND NOT EXISTS (SELECT 1 FROM leader_term later JOIN leader_term own ON own.term_id = $1::uuid
                            WHERE later.stream_id = $3 AND later.epoch > own.epoch AND later.first_id <= $2) AS continues`;

/** One statement, and so one snapshot. `termId` null (no term was seen yet) never continues. */
export async function checkTerm(
  pool: pg.Pool,
  reader: { readonly streamId: number; readonly termId: string | null; readonly offset: number },
): Promise<TermCheck> {
  const answer = await pool.query<TermCheck>({
    name: 'check-term',
    text: sql,
    values: [reader.termId, reader.offset, reader.streamId],
  });
  return answer.rows[0] ?? { newestTermId: null, continues: false };
}
