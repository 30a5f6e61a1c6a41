import { expect, test } from 'vitest';
import { fuzz } from './fuzz/fuzz.ts';
import { startServerProcess } from './server-process.ts';

const COUNT = 2_000;

test('two thousand wrong messages neither crash nor hang the server, and a good client is served meanwhile', async () => {
  await using server = await startServerProcess(['--memory', '--port', '0', '--history-bytes', '1000000']);
  const seed = Date.now() % 1_000_000_000;
  const report = await fuzz({ url: server.url, count: COUNT, seed, connections: 4 });
  expect(report.hung, `seed ${seed}`).toEqual([]);
  expect(server.isRunning(), `seed ${seed}: ${server.errors()}`).toBe(true);
  expect(server.errors(), `seed ${seed}`).toBe('');
  expect(report.goodAnswers).toBeGreaterThan(0);
}, 120_000);
