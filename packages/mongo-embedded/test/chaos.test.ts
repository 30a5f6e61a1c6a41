import { expect, test } from 'vitest';
import { chaos } from './chaos/chaos.ts';

test('a server under fail points, transactions, streams and kills answers, stays small, and ends when told', async () => {
  const seed = Date.now() % 1_000_000_000;
  const report = await chaos({ seconds: 6, seed });
  expect(report.findings, `seed ${seed}`).toEqual([]);
  expect(report.pings, `seed ${seed}`).toBeGreaterThan(3);
  expect(report.operations, `seed ${seed}`).toBeGreaterThan(10);
}, 120_000);
