import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { openCandidacy } from '@emcachers/db/leadership';
import { describe, expect, test } from 'vitest';
import { openTestOplog, remove, type TestOplog, upsert } from '../../../../test/support/test-oplog.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { pageEnd } from '../../replicator/page-batches.ts';
import { type CompactionOptions, CompactionRun } from './compaction-run.ts';
import { rewritePartition } from './partition-rewrite.ts';

const hourMs = 3_600_000;

/** A live entity of `documents` documents, each with a scanned entry and `changes` newer ones. */
async function fill(oplog: TestOplog, documents: number, changes: number): Promise<number> {
  await oplog.create('orders');
  const docIds = Array.from({ length: documents }, (_, index) => `d${index}`);
  const { entityId } = await oplog.scanToLive('orders', docIds);
  for (let change = 0; change < changes; change += 1)
    await oplog.append(...docIds.map((docId) => upsert(entityId, docId, `change ${change}`)));
  return entityId;
}

async function compact(oplog: TestOplog, entityId: number, options: Partial<CompactionOptions> = {}) {
  const { database, epoch } = oplog;
  const defaults = { giveUpMs: hourMs, tombstoneMs: 0, entriesMin: 1, chunkEntriesMax: 10 };
  const dependencies = { database, epoch, clock: systemClock, options: { ...defaults, ...options } };
  return new CompactionRun(dependencies, entityId, new AbortController().signal).run();
}

/** What a node reports, so long ago by PostgreSQL's clock. */
async function report(oplog: TestOplog, entityId: number, offset: number | null): Promise<void> {
  await oplog.database.pool.query(
    `INSERT INTO node (id, roles, host) VALUES ('n1', '{replicate}', 'test') ON CONFLICT DO NOTHING`,
  );
  await oplog.database.pool.query(
    `INSERT INTO node_offset (node_id, entity_id, offset_id, state) VALUES ('n1', $1, $2, 'level')
     ON CONFLICT (node_id, entity_id) DO UPDATE SET offset_id = EXCLUDED.offset_id, moved_at = now()`,
    [entityId, offset],
  );
}

/** As if everything so far had happened this long ago. */
async function letPass(oplog: TestOplog, entityId: number, ms: number): Promise<void> {
  const passed = `now() - ${ms} * interval '1 millisecond'`;
  await oplog.database.pool.query(`UPDATE node_offset SET moved_at = ${passed}`);
  await oplog.database.pool.query(`UPDATE oplog SET created_at = ${passed} WHERE entity_id = $1`, [entityId]);
  await oplog.database.pool.query(`UPDATE oplog_compaction SET finished_at = ${passed}`);
}

async function stateOf(oplog: TestOplog, entityId: number) {
  const answer = await oplog.database.pool.query(
    `SELECT horizon, compacted_to AS "compactedTo", kept, tombstones, entries, held_by AS "heldBy",
            (SELECT count(*) FROM oplog WHERE entity_id = $1) AS counted,
            (SELECT count(*) FROM oplog WHERE entity_id = $1 AND operation = 'Delete') AS deletes
       FROM oplog_compaction WHERE entity_id = $1`,
    [entityId],
  );
  return answer.rows[0];
}

/** Rewrites whatever is in the partition: the estimate of a tiny one is never below half. */
async function rewriteOf(oplog: TestOplog, entityId: number): Promise<boolean> {
  const { database, epoch } = oplog;
  await database.pool.query('UPDATE oplog_compaction SET entries = 0');
  const { signal } = new AbortController();
  return rewritePartition({ database, epoch, entityId, bytesMin: 1, signal, paced: (step) => step() });
}

async function bytesOf(oplog: TestOplog, entityId: number): Promise<number> {
  const answer = await oplog.database.pool.query(`SELECT pg_total_relation_size('oplog_e${entityId}') AS bytes`);
  return answer.rows[0].bytes;
}

describe('a partition that is mostly dead', () => {
  const rewriteBytesMin = 1;

  test('is rewritten, keeps its entries and takes a fraction of the space', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 1_000, 20);
    const replay = await oplog.replay(entityId);
    const before = await bytesOf(oplog, entityId);
    const result = await compact(oplog, entityId, { rewriteBytesMin, chunkEntriesMax: 5_000 });
    expect(result).toEqual({ kind: 'done', removed: 20_000, rewritten: true });
    expect(await bytesOf(oplog, entityId)).toBeLessThan(before / 5);
    expect(await oplog.replay(entityId)).toEqual(replay);
    // It is again a partition like any other.
    await oplog.append(upsert(entityId, 'd0', 'new'), upsert(entityId, 'd0', 'newer'));
    expect((await oplog.replay(entityId)).get('d0')).toBe('newer');
    const indexes = await oplog.database.pool.query(
      `SELECT indexname FROM pg_indexes WHERE tablename = 'oplog_e${entityId}'`,
    );
    expect(indexes.rows).toEqual([{ indexname: `oplog_e${entityId}_pkey` }]);
    const again = { rewriteBytesMin, entriesMin: 1, sliceEntriesMax: 2 };
    expect(await compact(oplog, entityId, again)).toEqual({ kind: 'done', removed: 2, rewritten: false });
  });

  test('I3: is rewritten beside appends and reads, and no reader misses an entry', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 200, 10);
    const other = await oplog.create('others');
    await oplog.scanToLive('others', ['o1']);
    await oplog.database.pool.query('INSERT INTO oplog_compaction (entity_id) VALUES ($1)', [entityId]);
    const start = (await oplog.page()).head;
    let isEnded = false;
    const append = async (): Promise<void> => {
      for (let value = 0; !isEnded; value += 1)
        await oplog.append(upsert(entityId, `d${value % 200}`, `${value}`), upsert(other.entityId, 'o1', `${value}`));
    };
    const read: number[] = [];
    const readPage = async (afterId: number): Promise<number> => {
      const page = await oplog.reader.readPage({
        streamId: 1,
        afterId,
        entityIds: [entityId],
        limitRows: 50,
        limitBytes: 1e6,
      });
      read.push(...page.entries.map(({ id }) => id));
      return pageEnd(page);
    };
    const follow = async (): Promise<number> => {
      let afterId = start;
      while (!isEnded) afterId = await readPage(afterId);
      return afterId;
    };
    const appending = append();
    const following = follow();
    let rewrites = 0;
    for (let round = 0; round < 15; round += 1) if (await rewriteOf(oplog, entityId)) rewrites += 1;
    isEnded = true;
    await appending;
    for (let afterId = await following; afterId < (await oplog.page()).head; ) afterId = await readPage(afterId);
    const { entries } = await oplog.page(entityId);
    expect(read).toEqual(entries.map(({ id }) => id).filter((id) => id > start));
    expect(rewrites).toBeGreaterThan(5);
    expect(read.length).toBeGreaterThan(20);
  });

  test('stays as it is while a statement reads the whole oplog, and nothing waits for long', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 1_000, 20);
    const reader = await oplog.database.pool.connect();
    try {
      await reader.query('BEGIN; SELECT count(*) FROM oplog');
      const result = await compact(oplog, entityId, { rewriteBytesMin, chunkEntriesMax: 5_000 });
      expect(result).toEqual({ kind: 'done', removed: 20_000, rewritten: false });
    } finally {
      await reader.query('COMMIT');
      reader.release();
    }
    const left = await oplog.database.pool.query(`SELECT to_regclass('oplog_e${entityId}_next') AS next`);
    expect(left.rows).toEqual([{ next: null }]);
  });
});

describe('a compaction run', () => {
  test('leaves one entry of each document, the newest, and moves the horizon', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    const replay = await oplog.replay(entityId);
    const { head } = await oplog.page();
    expect(await compact(oplog, entityId)).toEqual({ kind: 'done', removed: 75, rewritten: false });
    expect(await oplog.replay(entityId)).toEqual(replay);
    // The newest entry supersedes others and stays: the horizon is above all that was removed.
    const state = {
      horizon: head - 1,
      compactedTo: head,
      kept: 25,
      tombstones: 0,
      entries: 25,
      counted: 25,
      heldBy: null,
    };
    expect(await stateOf(oplog, entityId)).toMatchObject(state);
  });

  test('does nothing while fewer entries than the setting are not compacted', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    expect(await compact(oplog, entityId, { entriesMin: 101 })).toEqual({ kind: 'idle', removed: 0, rewritten: false });
    expect(await compact(oplog, entityId, { entriesMin: 100 })).toEqual({
      kind: 'done',
      removed: 75,
      rewritten: false,
    });
    // A tenth of what was kept.
    await oplog.append(upsert(entityId, 'd0', 'new'), upsert(entityId, 'd1', 'new'));
    expect(await compact(oplog, entityId)).toEqual({ kind: 'idle', removed: 0, rewritten: false });
    await oplog.append(upsert(entityId, 'd2', 'new'));
    expect(await compact(oplog, entityId)).toEqual({ kind: 'done', removed: 3, rewritten: false });
  });

  test('leaves what a cache has not applied, and names its node', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    const { entries } = await oplog.page(entityId);
    const offset = entries[59]?.id ?? 0;
    await report(oplog, entityId, offset);
    await letPass(oplog, entityId, 120_000);
    // Of 60 entries of 25 documents, 25 are the newest.
    expect(await compact(oplog, entityId)).toEqual({ kind: 'done', removed: 35, rewritten: false });
    expect(await stateOf(oplog, entityId)).toMatchObject({ horizon: offset - 1, kept: 25, entries: 65, heldBy: 'n1' });
  });

  test('waits for a cache that has not opened its file yet', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    await report(oplog, entityId, null);
    expect(await compact(oplog, entityId)).toEqual({ kind: 'idle', removed: 0, rewritten: false });
  });

  test('waits no longer for a cache for which an entry has waited longer than the setting', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    await report(oplog, entityId, 0);
    await letPass(oplog, entityId, hourMs - 60_000);
    expect(await compact(oplog, entityId)).toEqual({ kind: 'idle', removed: 0, rewritten: false });
    await letPass(oplog, entityId, hourMs + 1_000);
    expect(await compact(oplog, entityId)).toEqual({ kind: 'done', removed: 75, rewritten: false });
  });

  test('waits for a cache that stood still because nothing happened', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 1);
    const { head } = await oplog.page();
    await report(oplog, entityId, head);
    await letPass(oplog, entityId, 10 * hourMs);
    await oplog.append(upsert(entityId, 'd1', 'new'));
    await compact(oplog, entityId);
    expect(await stateOf(oplog, entityId)).toMatchObject({ horizon: head - 1, entries: 26, heldBy: null });
  });

  test('keeps a Delete for the time of the setting, and removes it then although nothing was appended', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 0);
    await oplog.append(...Array.from({ length: 20 }, (_, index) => remove(entityId, `d${index}`)));
    expect(await compact(oplog, entityId, { tombstoneMs: hourMs })).toEqual({
      kind: 'done',
      removed: 20,
      rewritten: false,
    });
    expect(await stateOf(oplog, entityId)).toMatchObject({ kept: 25, tombstones: 20, deletes: 20, counted: 25 });
    expect(await compact(oplog, entityId, { tombstoneMs: hourMs })).toEqual({
      kind: 'idle',
      removed: 0,
      rewritten: false,
    });
    await letPass(oplog, entityId, 2 * hourMs);
    expect(await compact(oplog, entityId, { tombstoneMs: hourMs })).toEqual({
      kind: 'done',
      removed: 20,
      rewritten: false,
    });
    // A build that had begun before the Deletes were removed must start again.
    const { head } = await oplog.page();
    expect(await stateOf(oplog, entityId)).toMatchObject({
      horizon: head,
      kept: 5,
      tombstones: 0,
      deletes: 0,
      counted: 5,
    });
    expect([...(await oplog.replay(entityId)).keys()]).toEqual(['d20', 'd21', 'd22', 'd23', 'd24']);
  });

  test('removes no Delete under the horizon at which a build may have begun while its slice was half removed (I1)', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 0);
    await oplog.append(...Array.from({ length: 20 }, (_, index) => remove(entityId, `d${index}`)));
    const killedAfter = async (steps: number, sliceEntriesMax: number): Promise<boolean> => {
      let left = steps;
      const onStep = (): void => {
        left -= 1;
        if (left === 0) throw new Error('killed');
      };
      const run = compact(oplog, entityId, { sliceEntriesMax, chunkEntriesMax: 7, onStep });
      return run.then(() => false).catch(({ message }: Error) => message === 'killed');
    };
    // The plan and the first chunk. A build that begins now reads Upserts whose Deletes are in the same slice.
    expect(await killedAfter(2, 1_000)).toBe(true);
    const { horizon } = await stateOf(oplog, entityId);
    expect(horizon).toBeGreaterThan(0);
    // Smaller slices than the one that was interrupted.
    for (let steps = 1; steps < 60 && (await killedAfter(steps, 12)); steps += 1) {
      const state = await stateOf(oplog, entityId);
      if (state.deletes < 20) expect(state.horizon).toBeGreaterThan(horizon);
    }
    const state = await stateOf(oplog, entityId);
    expect(state).toMatchObject({ kept: 5, tombstones: 0, deletes: 0, counted: 5 });
    expect(state.horizon).toBeGreaterThan(horizon);
  });

  test('that ended after any chunk is continued by the next one, with exact figures', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    await oplog.append(...Array.from({ length: 5 }, (_, index) => remove(entityId, `d${index}`)));
    const replay = await oplog.replay(entityId);
    for (const steps of [1, 2, 3, 4]) {
      let left = steps;
      const onStep = (): void => {
        left -= 1;
        if (left === 0) throw new Error('killed');
      };
      const limits = { sliceEntriesMax: 30, chunkEntriesMax: 7, tombstoneMs: hourMs, onStep };
      await expect(compact(oplog, entityId, limits)).rejects.toThrow('killed');
      expect(await oplog.replay(entityId)).toEqual(replay);
    }
    await compact(oplog, entityId, { sliceEntriesMax: 30, chunkEntriesMax: 7, tombstoneMs: hourMs });
    expect(await oplog.replay(entityId)).toEqual(replay);
    expect(await stateOf(oplog, entityId)).toMatchObject({
      kept: 25,
      tombstones: 5,
      entries: 25,
      counted: 25,
      deletes: 5,
    });
  });

  test('stops if a cache begins to be built meanwhile', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    const steps: Promise<void>[] = [];
    const onStep = (): void => void steps.push(report(oplog, entityId, 0));
    const result = await compact(oplog, entityId, { onStep });
    await Promise.all(steps);
    // One chunk may be on its way.
    expect(result.kind).toBe('held');
    expect(result.removed).toBeLessThanOrEqual(20);
  });

  test('stops if a scan begins meanwhile, because the scan asks the oplog what the stream has changed', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    const steps: Promise<unknown>[] = [];
    const onStep = (): void => void steps.push(requestRefresh(oplog.database, { entityId, allowLargeSweep: false }));
    const result = await compact(oplog, entityId, { onStep });
    await Promise.allSettled(steps);
    expect(result.kind).toBe('not-live');
    expect(result.removed).toBeLessThanOrEqual(20);
  });

  test('frees space that later entries take: the partition does not grow with the entries appended to it', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 2_000, 0);
    const docIds = Array.from({ length: 2_000 }, (_, index) => `d${index}`);
    const data = 'x'.repeat(300);
    const sizes: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      for (let change = 0; change < 3; change += 1)
        await oplog.append(...docIds.map((docId) => upsert(entityId, docId, data)));
      expect((await compact(oplog, entityId, { chunkEntriesMax: 5_000 })).removed).toBe(6_000);
      await oplog.database.pool.query(`VACUUM oplog_e${entityId}`);
      sizes.push(await bytesOf(oplog, entityId));
    }
    expect(sizes.at(-1)).toBeLessThanOrEqual(1.1 * (sizes[1] ?? 0));
  });

  test('I9: of a node that no longer leads removes nothing', async () => {
    await using oplog = await openTestOplog();
    const entityId = await fill(oplog, 25, 3);
    await oplog.database.pool.query('UPDATE leader SET lease_ms = 0, node_id = NULL');
    await using candidacy = await openCandidacy({
      url: oplog.database.url,
      streamId: 1,
      nodeId: 'other',
      leaseMs: 60_000,
    });
    await using lead = await candidacy.stand();
    expect(lead?.epoch).toBe(oplog.epoch + 1);
    await expect(compact(oplog, entityId)).rejects.toThrow('EMC-3002');
    expect(await stateOf(oplog, entityId)).toMatchObject({ horizon: 0, counted: 100 });
  });
});
