import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { createIdempotencyStore, type KeyedAttempt } from './idempotency-store.ts';

async function openTest() {
  const created = await createTestDatabase();
  const database = openDatabase({ url: created.url });
  return {
    ...createIdempotencyStore(database),
    pool: database.pool,
    async [Symbol.asyncDispose]() {
      await database.close();
      await created[Symbol.asyncDispose]();
    },
  };
}

const attempt = (change: Partial<KeyedAttempt> = {}): KeyedAttempt => ({
  key: 'k',
  requestHash: 'a',
  attemptId: randomUUID(),
  correlationId: 'first',
  ...change,
});

test('of a hundred simultaneous attempts one takes the key, and the others learn that it runs', async () => {
  await using store = await openTest();
  const states = await Promise.all(Array.from({ length: 100 }, () => store.take(attempt())));
  expect(states.filter(({ kind }) => kind === 'taken')).toHaveLength(1);
  expect(states.filter(({ kind }) => kind === 'running')).toHaveLength(99);
});

test('the answer is given to equal requests, and refused to another one', async () => {
  await using store = await openTest();
  const first = attempt();
  await store.take(first);
  expect(await store.take(attempt({ requestHash: 'b' }))).toEqual({ kind: 'other-request' });
  await store.answer(first, { first: true });
  expect(await store.take(attempt())).toEqual({ kind: 'answered', response: { first: true } });
  expect(await store.take(attempt({ requestHash: 'b' }))).toEqual({ kind: 'other-request' });
});

test('an attempt that is silent for half a minute is followed by another one under the first correlation id, and can no longer answer', async () => {
  await using store = await openTest();
  const first = attempt();
  await store.take(first);
  await store.pool.query(`UPDATE idempotency_key SET running_until = running_until - interval '29 seconds'`);
  expect(await store.take(attempt())).toEqual({ kind: 'running' });
  await store.pool.query(`UPDATE idempotency_key SET running_until = running_until - interval '2 seconds'`);
  const second = attempt({ correlationId: 'second' });
  expect(await store.take(attempt({ requestHash: 'b' }))).toEqual({ kind: 'other-request' });
  expect(await store.take(second)).toEqual({ kind: 'taken', correlationId: 'first' });
  await store.answer(first, { of: 'first' });
  await store.forget(first);
  expect(await store.take(attempt())).toEqual({ kind: 'running' });
  await store.answer(second, { of: 'second' });
  expect(await store.take(attempt())).toEqual({ kind: 'answered', response: { of: 'second' } });
});

test('an attempt that says it is running keeps the key', async () => {
  await using store = await openTest();
  const first = attempt();
  await store.take(first);
  await store.pool.query(`UPDATE idempotency_key SET running_until = running_until - interval '29 seconds'`);
  await store.renew(first);
  await store.pool.query(`UPDATE idempotency_key SET running_until = running_until - interval '29 seconds'`);
  expect(await store.take(attempt())).toEqual({ kind: 'running' });
});

test('a key is free after a request without effect, and can be taken at once after one that may have had its effect', async () => {
  await using store = await openTest();
  const first = attempt();
  await store.take(first);
  await store.forget(first);
  const second = attempt({ requestHash: 'b', correlationId: 'second' });
  expect(await store.take(second)).toEqual({ kind: 'taken', correlationId: 'second' });
  await store.leave(second);
  expect(await store.take(attempt({ requestHash: 'b' }))).toEqual({ kind: 'taken', correlationId: 'second' });
});

test('a key whose day is over can be used for another request, and such keys are deleted by the next request with a key', async () => {
  await using store = await openTest();
  for (const key of ['k', 'l', 'm']) {
    const each = attempt({ key });
    await store.take(each);
    await store.answer(each, {});
  }
  await store.pool.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 second'`);
  const next = attempt({ requestHash: 'b', correlationId: 'next' });
  expect(await store.take(next)).toEqual({ kind: 'taken', correlationId: 'next' });
  const left = await store.pool.query('SELECT key, response, expires_at > now() AS fresh FROM idempotency_key');
  expect(left.rows).toEqual([{ key: 'k', response: null, fresh: true }]);
});
