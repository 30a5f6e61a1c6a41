import { EmcachersError } from '@emcachers/core/emcachers-error';
import type pg from 'pg';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';
import type { EntityRecord } from '../control/entity-record.ts';

/** An entity as the appending transaction found it, locked until that transaction ends. */
export interface AppendTarget extends Pick<EntityRecord, 'entityId' | 'version' | 'runId' | 'lifecycle' | 'route'> {
  readonly hasDeadLetters: boolean;
}

export interface AppendStart {
  readonly epoch: number;
  readonly entityIds: readonly number[] | 'all';
  /** `share` reads the state, `update` changes it; taken at once, since two that raise a shared lock deadlock. */
  readonly lock: 'share' | 'update';
  /** False for a transaction that draws no id. */
  readonly appends: boolean;
}

/**
 * Opens an appending transaction in the one order of locks that all of them keep: epoch, entities by id, append lock.
 * The append lock comes before the first `nextval`, so that id order is commit order (I3). One message for all four
 * statements: a transaction is otherwise mostly round trips. Without parameters for that reason; all values are numbers.
 * Errors: EMC-3002 when the epoch is not ours (I9).
 */
export async function beginAppend(
  client: pg.PoolClient,
  start: AppendStart,
): Promise<ReadonlyMap<number, AppendTarget>> {
  const answers: unknown = await client.query(beginSql(start));
  if (!Array.isArray(answers)) throw new TypeError('A message of several statements has an answer for each.');
  const [, leader, entities] = answers as pg.QueryResult[];
  if (leader?.rowCount !== 1)
    throw new EmcachersError({ code: 'EMC-3002', detail: `Epoch ${start.epoch} has been followed by another.` });
  const targets = new Map<number, AppendTarget>();
  for (const row of (entities?.rows ?? []) as AppendTarget[]) targets.set(row.entityId, row);
  return targets;
}

// NO KEY UPDATE, not UPDATE: rows of other tables that refer to the entity need not wait.
const lockWords = { share: 'FOR SHARE OF e', update: 'FOR NO KEY UPDATE OF e' } as const;

function beginSql(start: AppendStart): string {
  const ids =
    start.entityIds === 'all' ? 'true' : `e.id IN (${['NULL', ...start.entityIds.map(checkedId)].join(', ')})`;
  return `BEGIN;
    SELECT 1 FROM leader WHERE id = 1 AND epoch = ${checkedId(start.epoch)} FOR SHARE;
    SELECT e.id AS "entityId", e.version, e.run_id AS "runId", e.lifecycle, e.route,
           EXISTS (SELECT 1 FROM dead_letter d WHERE d.entity_id = e.id) AS "hasDeadLetters"
      FROM entity e WHERE ${ids} ORDER BY e.id ${lockWords[start.lock]};
    ${start.appends ? `SELECT pg_advisory_xact_lock(${advisoryNamespace}, ${advisoryLocks.append})` : ''}`;
}

function checkedId(id: number): string {
  if (!Number.isSafeInteger(id)) throw new RangeError(`${id} is not an id.`);
  return String(id);
}
