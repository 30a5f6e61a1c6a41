import { expect, test } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createLog } from '../../observability/log.ts';
import { createHeadroomWatch } from './headroom-watch.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const oplog = { kind: 'known', oldestMs: 1, newestMs: 2, filled: 1 } as const;

test('MongoDB is asked, and an answer stands, only while this node leads a stream', async () => {
  const clock = createManualClock();
  let [leads, looks] = [false, 0];
  const readOplog = async () => {
    looks += 1;
    return oplog;
  };
  const options = { checkMs: 60_000, warningMs: 2, criticalMs: 1 };
  const watch = createHeadroomWatch({
    ...{ clock, options, source: { readOplog } },
    log: createLog('silent', { write: () => undefined }),
    isLeading: () => leads,
  });
  const stop = new AbortController();
  const ended = watch.run(stop.signal);
  const pass = async (ms: number): Promise<void> => {
    await turn();
    await clock.advance(ms);
    await turn();
  };
  await pass(1_000);
  expect([looks, watch.last()]).toEqual([0, null]);
  leads = true;
  await pass(1_000);
  expect([looks, watch.last()?.oplog]).toEqual([1, oplog]);
  leads = false;
  await pass(60_000);
  expect([looks, watch.last()]).toEqual([1, null]);
  stop.abort();
  await ended;
});
