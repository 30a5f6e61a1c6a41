import type pg from 'pg';
import { appendNamespace } from '../advisory-locks.ts';
import type { EntityRecord } from '../control/entity-record.ts';
import { streamOfEpoch } from './stream-of-epoch.ts';

/** An entity as the appending transaction read it; locked until that transaction ends. */
export interface AppendTarget extends Pick<EntityRecord, 'entityId' | 'version' | 'runId' | 'lifecycle' | 'route'> {
  readonly hasDeadLetters: boolean;
}

/** The locks and checks with which an appending transaction begins. `epoch` is the fencing number of its leader. */
export interface AppendStart {
  readonly epoch: number;
  /** Entities of other streams are left out; `all` are those of the epoch's stream. */
  readonly entityIds: readonly number[] | 'all';
  /** `share` to read the state, `update` to change it. Chosen up front, because two transactions that upgrade a shared lock deadlock. */
  readonly lock: 'share' | 'update';
  /** False for a transaction that appends no entries. */
  readonly appends: boolean;
}

/**
 * Begins an appending transaction. All of them lock in the same order: entities by id, append lock, and the epoch with the commit
 * (`commit-append.ts`). The append lock is taken before the first `nextval`, so that id order is commit order (I3). The four
 * statements are sent in one message to save round trips; that rules out parameters, which is safe because all values are
 * numbers. An entity of another stream is no target, because its entries are ordered by another lock. Fails with EM002 (EMC-3002), before it takes a lock, if the epoch has been superseded (I9).
 */
export async function beginAppend(
  client: pg.PoolClient,
  start: AppendStart,
): Promise<ReadonlyMap<number, AppendTarget>> {
  const answers: unknown = await client.query(beginSql(start));
  if (!Array.isArray(answers)) throw new TypeError('PostgreSQL did not return one result per statement.');
  const [, , entities] = answers as pg.QueryResult[];
  const targets = new Map<number, AppendTarget>();
  for (const row of (entities?.rows ?? []) as AppendTarget[]) targets.set(row.entityId, row);
  return targets;
}

// NO KEY UPDATE, not UPDATE, so that inserts of rows that reference the entity do not wait.
const lockWords = { share: 'FOR SHARE OF e', update: 'FOR NO KEY UPDATE OF e' } as const;

function beginSql(start: AppendStart): string {
  const ids =
    start.entityIds === 'all' ? 'true' : `e.id IN (${['NULL', ...start.entityIds.map(checkedId)].join(', ')})`;
  return `BEGIN;
    SELECT require_epoch(${checkedId(start.epoch)});
    SELECT e.id AS "entityId", e.version, e.run_id AS "runId", e.lifecycle, e.route,
           EXISTS (SELECT 1 FROM dead_letter d WHERE d.entity_id = e.id) AS "hasDeadLetters"
      FROM entity e WHERE ${ids} AND e.stream_id = ${streamOfEpoch(checkedId(start.epoch))} ORDER BY e.id ${lockWords[start.lock]};
    ${start.appends ? `SELECT pg_advisory_xact_lock(${appendNamespace}, ${start.epoch})` : ''}`;
}

function checkedId(id: number): string {
  if (!Number.isSafeInteger(id)) throw new RangeError(`${id} is not an id.`);
  return String(id);
}
