import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';
import type { TransactionClient } from '../transaction.ts';

/** Who asks for a change, for the audit. */
export interface Asker {
  readonly actor: 'api' | 'engine';
  /** Of the request, as its answer and its log lines show it; null for the engine's own work. */
  readonly correlationId: string | null;
}

/** What was done, to which entity. `detail` holds no values of documents, because the audit is kept for ever. */
export interface AuditedAction {
  readonly action: string;
  readonly entityName: string | null;
  readonly detail: object;
}

/** Records an action in the transaction that carries it out, so that neither exists without the other. */
export async function writeAudit(
  client: TransactionClient,
  { actor, correlationId }: Asker,
  { action, entityName, detail }: AuditedAction,
): Promise<void> {
  await client.query(
    'INSERT INTO audit (actor, action, entity_name, detail, correlation_id) VALUES ($1, $2, $3, $4, $5)',
    [actor, action, entityName, JSON.stringify(detail), correlationId],
  );
}

/** One record of the audit. */
export interface AuditRecord extends AuditedAction {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly correlationId: string | null;
}

/** Which records to read: those with an id below `before` (null: the newest), of one entity and one action, or of all (null). */
export interface AuditFilter {
  readonly before: number | null;
  readonly entityName: string | null;
  readonly action: string | null;
  readonly limit: number;
}

/** Newest first. Names are case-insensitive. Errors: EMC-3001. */
export async function readAudit(pool: pg.Pool, filter: AuditFilter): Promise<readonly AuditRecord[]> {
  try {
    const answer = await pool.query<AuditRecord>(
      `SELECT id, at, actor, action, entity_name AS "entityName", detail, correlation_id AS "correlationId"
         FROM audit
        WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR lower(entity_name) = lower($2))
          AND ($3::text IS NULL OR action = $3)
        ORDER BY id DESC LIMIT $4`,
      [filter.before, filter.entityName, filter.action, filter.limit],
    );
    return answer.rows;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
