import { describe, expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { readAudit } from './audit.ts';
import { type IncidentStep, type KnownIncidents, keepIncidents, pruneIncidents } from './incident-keeping.ts';
import { acknowledgeIncident, readIncidents } from './incidents.ts';

const reopenMs = 60_000;
const key = { subject: 'entity:orders', errorCode: 'EMC-6001' };
const report = { detail: '1 document could not be projected.', entities: ['orders'], entityCount: 1, nodes: [] };
const everything = { before: null, isOpen: null, entityName: null, limit: 10 };

async function openTest() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const keep = (...steps: IncidentStep[]) => keepIncidents(database, reopenMs, () => steps);
  return {
    ...{ database, keep },
    async open(): Promise<number> {
      await keep({ kind: 'open', ...key, ...report, openedAtMs: 1_000, lastSeenAtMs: 2_000 });
      return (await readIncidents(database.pool, everything))[0]?.id ?? 0;
    },
    async known(): Promise<KnownIncidents | null> {
      let seen: KnownIncidents | null = null;
      await keepIncidents(database, reopenMs, (known) => {
        seen = known;
        return [];
      });
      return seen;
    },
    async [Symbol.asyncDispose]() {
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

describe('an incident', () => {
  test('is opened once, seen, closed, and opened again as the same one', async () => {
    await using bench = await openTest();
    const id = await bench.open();
    expect(await bench.open()).toBe(id);
    await bench.keep({ kind: 'see', id, ...report, entities: ['orders', 'users'], entityCount: 2 });
    const [seen] = await readIncidents(bench.database.pool, { ...everything, isOpen: true, entityName: 'USERS' });
    expect(seen).toMatchObject({ ...key, id, openedAt: new Date(1_000), entityCount: 2, times: 1, closedAt: null });
    await bench.keep({ kind: 'close', id, ...key });
    expect(await readIncidents(bench.database.pool, { ...everything, isOpen: true })).toEqual([]);
    expect(await bench.known()).toMatchObject({ incidents: [{ id, closedAtMs: expect.any(Number) }] });
    await bench.keep({ kind: 'reopen', id, ...key, ...report, lastSeenAtMs: 3_000 });
    expect(await readIncidents(bench.database.pool, everything)).toMatchObject([{ id, closedAt: null, times: 2 }]);
  });

  test('that is not yet one is watched since it was first seen', async () => {
    await using bench = await openTest();
    await bench.keep({ kind: 'watch', ...key });
    const first = (await bench.known())?.candidates[0];
    await bench.keep({ kind: 'watch', ...key });
    expect((await bench.known())?.candidates).toMatchObject([{ ...key, firstSeenAtMs: first?.firstSeenAtMs }]);
    await bench.keep({ kind: 'unwatch', ...key });
    expect((await bench.known())?.candidates).toEqual([]);
  });

  test('is acknowledged once, by the first who asks, with one record in the audit; it stays open', async () => {
    await using bench = await openTest();
    const id = await bench.open();
    const { database } = bench;
    const first = await acknowledgeIncident(database, id, { actor: 'api', correlationId: 'c-1' });
    expect(first).toMatchObject({ id, acknowledgedBy: 'api', acknowledgedAt: expect.any(Date), closedAt: null });
    const second = await acknowledgeIncident(database, id, { actor: 'engine', correlationId: 'c-2' });
    expect(second).toEqual(first);
    const audit = await readAudit(database.pool, { before: null, entityName: 'orders', action: null, limit: 10 });
    expect(audit).toMatchObject([
      { action: 'acknowledge', actor: 'api', correlationId: 'c-1', detail: { incidentId: id, errorCode: 'EMC-6001' } },
    ]);
    expect(await acknowledgeIncident(database, id + 1, { actor: 'api', correlationId: null })).toBeNull();
  });

  test('is removed some days after it was closed, an open one never', async () => {
    await using bench = await openTest();
    const id = await bench.open();
    const old = (column: string) =>
      bench.database.pool.query(`UPDATE incident SET ${column} = now() - interval '3 days' WHERE id = $1`, [id]);
    await old('opened_at');
    await pruneIncidents(bench.database, 2);
    expect(await readIncidents(bench.database.pool, everything)).toHaveLength(1);
    await old('closed_at');
    await pruneIncidents(bench.database, 4);
    expect(await readIncidents(bench.database.pool, everything)).toHaveLength(1);
    await pruneIncidents(bench.database, 2);
    expect(await readIncidents(bench.database.pool, everything)).toEqual([]);
  });
});

test('of two keepers at once, one waits for its next turn', async () => {
  await using bench = await openTest();
  const other = await bench.database.pool.connect();
  await other.query('BEGIN; SELECT pg_advisory_xact_lock(4541763, 6)');
  expect(await bench.keep({ kind: 'watch', ...key })).toBeNull();
  await other.query('ROLLBACK');
  other.release();
  expect(await bench.keep({ kind: 'watch', ...key })).toHaveLength(1);
});
