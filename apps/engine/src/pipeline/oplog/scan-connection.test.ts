import type { Database } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { until } from '../../../test/support/test-ingest.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';

interface Loss {
  readonly table: string;
  /** How the text of the waiting statement begins. */
  readonly statement: string;
  readonly call: () => Promise<unknown>;
}

/** Calls while the table is locked, and ends the session that waits for it. Resolves with the result of the call. */
async function loseConnection({ pool }: Database, { table, statement, call }: Loss): Promise<unknown> {
  const blocker = await pool.connect();
  await blocker.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const calling = call();
  calling.catch(() => undefined);
  await until(async () => {
    const answer = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
      [`${statement}%`],
    );
    return (answer.rowCount ?? 0) > 0;
  });
  await blocker.query('ROLLBACK');
  blocker.release();
  return calling;
}

test('a connection that is lost while the leftovers of earlier runs are removed is EMC-3001, not a defect of the entity', async () => {
  await using oplog = await openTestOplog();
  const { entityId, runId } = await oplog.create('orders');
  const lost = loseConnection(oplog.database, {
    table: 'oplog_staging',
    statement: 'DELETE FROM oplog_staging',
    call: () => oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null }),
  });
  await expect(lost).rejects.toMatchObject({ code: 'EMC-3001' });
});

test('a connection that is lost while the saved position is read is EMC-3001', async () => {
  await using oplog = await openTestOplog();
  const lost = loseConnection(oplog.database, {
    table: 'mongo_resume_token',
    statement: 'SELECT token,',
    call: () => oplog.writer.readPosition(),
  });
  await expect(lost).rejects.toMatchObject({ code: 'EMC-3001' });
});
