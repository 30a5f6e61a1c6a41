import { expect, test } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createLog } from '../../observability/log.ts';
import { FlowCounters } from './flow-counters.ts';
import { createFlowLog } from './flow-log.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const entry = (entityId: number) => ({ kind: 'Delete', entityId, docId: 'a', data: null, sourceTimeMs: null }) as const;
const entities = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ entityId: index, entityName: `e${index}` }));

function bench(count: number) {
  const clock = createManualClock();
  const counters = new FlowCounters();
  counters.follow(entities(count));
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => lines.push(JSON.parse(line)) });
  const flowLog = createFlowLog({ clock, log, intervalMs: 30_000, totals: () => counters.totals() });
  const stop = new AbortController();
  const ended = flowLog.run(stop.signal);
  const pass = async (): Promise<readonly Record<string, unknown>[]> => {
    lines.length = 0;
    await turn();
    await clock.advance(30_000);
    await turn();
    return lines;
  };
  const end = (): Promise<void> => {
    stop.abort();
    return ended;
  };
  return { counters, pass, stop: end };
}

test('every interval has one line with what happened since the last one, and none if nothing happened', async () => {
  const { counters, pass, stop } = bench(2);
  counters.committed({ items: [entry(0), entry(0), entry(1)], deadLetters: [{ entityId: 1 }] });
  counters.blocked(new Set([0]), 12.4);
  expect(await pass()).toEqual([
    expect.objectContaining({
      entities: [
        { entityName: 'e0', processed: 2, blocked: 1, blockedMs: 12, deadLettered: 0 },
        { entityName: 'e1', processed: 1, blocked: 0, blockedMs: 0, deadLettered: 1 },
      ],
    }),
  ]);
  expect(await pass()).toEqual([]);
  counters.committed({ items: [entry(1)], deadLetters: [] });
  expect(await pass()).toEqual([
    expect.objectContaining({
      entities: [{ entityName: 'e1', processed: 1, blocked: 0, blockedMs: 0, deadLettered: 0 }],
    }),
  ]);
  await stop();
});

test('the line is bounded: beyond twenty entities it has a sum', async () => {
  const { counters, pass, stop } = bench(25);
  counters.committed({ items: Array.from({ length: 25 }, (_, id) => entry(id)), deadLetters: [] });
  const [line] = await pass();
  expect(line?.['entities']).toHaveLength(20);
  expect(line?.['others']).toEqual({ entities: 5, processed: 5, blocked: 0, blockedMs: 0, deadLettered: 0 });
  await stop();
});

test('the counts of an entity end with it (I11)', () => {
  const counters = new FlowCounters();
  counters.follow(entities(2));
  counters.committed({ items: [entry(0), entry(1)], deadLetters: [] });
  counters.follow(entities(1));
  expect(counters.totals().map(({ entityId }) => entityId)).toEqual([0]);
});
