import { beginRewrite } from '@emcachers/db/compaction/rewrite-partition';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { describe, expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Exclusive } from '../../runtime/exclusive.ts';
import { CompactionRun } from './compaction/compaction-run.ts';
import { createErasure, type ErasureOutcome } from './erasure.ts';

const { signal } = new AbortController();

/** Documents a, b and c, of which a was changed and deleted. */
async function openChanged() {
  const oplog = await openTestOplog();
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ['a', 'b', 'c']);
  await oplog.append(upsert(orders, 'a', [7, 'secret']), upsert(orders, 'b', [8, 'kept']), deletion(orders, 'a'));
  return { oplog, orders, [Symbol.asyncDispose]: () => oplog[Symbol.asyncDispose]() };
}

function erase(oplog: TestOplog, entityId: number, docIds: readonly string[]): Promise<ErasureOutcome> {
  const { database, epoch } = oplog;
  return createErasure({ database, epoch, upkeep: new Exclusive() })({ entityId, docIds, signal });
}

describe('I1: an erasure', () => {
  test('leaves of the documents only their Deletes, and every other entry as it was, with its id', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const before = (await oplog.page(orders)).entries;
    expect(await erase(oplog, orders, ['a', 'never'])).toMatchObject({
      kind: 'erased',
      rows: { documents: 1, entries: 2 },
      notRewritten: [],
    });
    const after = (await oplog.page(orders)).entries;
    expect(after).toEqual(before.filter(({ docId, kind }) => docId !== 'a' || kind === 'Delete'));
    expect(await erase(oplog, orders, ['a'])).toMatchObject({ rows: { entries: 0 } });
  });

  test('counts the documents of which there was anything, each once, and not the ids that were asked for', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    await oplog.database.pool.query(
      `INSERT INTO dead_letter (entity_id, doc_id, error_code, reason)
       SELECT $1, doc_id, 'EMC-4010', 'Too large.' FROM unnest('{a,letter}'::text[]) AS doc_id`,
      [orders],
    );
    const rows = { documents: 2, entries: 2, deadLetters: 2 };
    expect(await erase(oplog, orders, ['a', 'letter', 's:a', 'never'])).toMatchObject({ kind: 'erased', rows });
  });

  test('leaves no table in the file in which the values were', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const filesOf = async () => {
      const answer = await oplog.database.pool.query<{ file: number }>(
        `SELECT pg_relation_filenode(name)::int8 AS file FROM unnest($1::text[]) AS name`,
        [[`oplog_e${orders}`, 'oplog_staging', 'oplog_sweep', 'dead_letter']],
      );
      return answer.rows.map(({ file }) => file);
    };
    const before = await filesOf();
    await erase(oplog, orders, ['a']);
    const after = await filesOf();
    expect(after.filter((file) => before.includes(file))).toEqual([]);
    expect(after).toHaveLength(4);
  });

  test('lets a reader at any place end with the same rows', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const before = (await oplog.page(orders)).entries;
    await erase(oplog, orders, ['a']);
    const after = (await oplog.page(orders)).entries;
    const rowsOf = (entries: typeof before) => new Map(entries.map(({ docId, data }) => [docId, data]));
    const expected = rowsOf(before);
    for (const { id } of before) {
      const read = [...before.filter((entry) => entry.id <= id), ...after.filter((entry) => entry.id > id)];
      expect(rowsOf(read)).toEqual(expected);
    }
  });

  test('removes nothing if the oplog has a newer row of one of the documents', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const before = (await oplog.page(orders)).entries;
    expect(await erase(oplog, orders, ['a', 'b'])).toMatchObject({ kind: 'present', docIds: ['b'] });
    expect((await oplog.page(orders)).entries).toEqual(before);
  });

  test('of an entity that is scanned is left until its scan is complete', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    await oplog.database.pool.query(`UPDATE entity SET lifecycle = 'scanning'`);
    expect(await erase(oplog, orders, ['a'])).toMatchObject({ kind: 'not-live' });
  });

  test('by a leader that was deposed removes nothing', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const { database, epoch } = oplog;
    const outdated = createErasure({ database, epoch: epoch - 1, upkeep: new Exclusive() });
    await expect(outdated({ entityId: orders, docIds: ['a'], signal })).rejects.toMatchObject({ code: 'EMC-3002' });
  });

  test('leaves a dead letter that replaced an older one meanwhile: the document was created again', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const { pool } = oplog.database;
    const letter = { entityId: orders, docId: 'a', errorCode: 'EMC-6001', reason: 'not BSON', attempts: 1 };
    const deadLetters = [{ ...letter, raw: null, documentKey: null }];
    await oplog.writer.append({ items: [], deadLetters, columnCounts: [], position: null });
    const refusing = await pool.connect();
    try {
      await refusing.query('BEGIN');
      await refusing.query(`UPDATE dead_letter SET reason = 'of the new document', updated_at = clock_timestamp()`);
      const erased = erase(oplog, orders, ['a']);
      const waits = `SELECT count(*)::int8 AS waits FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND backend_type = 'client backend'`;
      const waiting = async () => (await pool.query<{ waits: number }>(waits)).rows[0]?.waits;
      await expect.poll(waiting, { timeout: 15_000 }).toBe(1);
      await refusing.query('COMMIT');
      expect(await erased).toMatchObject({ kind: 'erased', rows: { entries: 2, deadLetters: 0 } });
    } finally {
      refusing.release(true);
    }
    const letters = await readDeadLetters(oplog.database, { entityId: orders, limit: 10 });
    expect(letters.map(({ reason }) => reason)).toEqual(['of the new document']);
    expect(await erase(oplog, orders, ['a'])).toMatchObject({ rows: { deadLetters: 1 } });
  });

  test('works after a compaction, before one, and after a rewrite that was interrupted', async () => {
    await using changed = await openChanged();
    const { oplog, orders } = changed;
    const { database, epoch } = oplog;
    const options = { giveUpMs: 60_000, tombstoneMs: 60_000, entriesMin: 1 };
    const compact = () => new CompactionRun({ database, epoch, clock: systemClock, options }, orders, signal).run();
    const countsOf = async () => {
      const answer = await database.pool.query<{ kept: number; tombstones: number; entries: number; deletes: number }>(
        `SELECT c.kept, c.tombstones, count(o.id) AS entries, count(o.id) FILTER (WHERE o.operation = 'Delete') AS deletes
           FROM oplog_compaction c LEFT JOIN oplog o ON o.entity_id = c.entity_id AND o.id <= c.compacted_to
          GROUP BY c.kept, c.tombstones`,
      );
      return answer.rows[0];
    };
    await compact();
    await oplog.append(deletion(orders, 'b'));
    await beginRewrite(database.pool, orders);
    expect(await erase(oplog, orders, ['b'])).toMatchObject({ kind: 'erased', rows: { entries: 1 }, notRewritten: [] });
    const counts = await countsOf();
    expect(counts).toMatchObject({ kept: counts?.entries, tombstones: counts?.deletes });
    await compact();
    expect((await oplog.page(orders)).entries.map(({ docId, kind }) => [docId, kind])).toEqual([
      ['c', 'Upsert'],
      ['a', 'Delete'],
      ['b', 'Delete'],
    ]);
  });
});
