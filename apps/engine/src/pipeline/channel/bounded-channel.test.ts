import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createChannel } from './bounded-channel.ts';
import type { Channel, ChannelBatch } from './channel.ts';

interface Item {
  readonly id: number;
  readonly operations: number;
  readonly bytes: number;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const item = (id: number, bytes = 10, operations = 1): Item => ({ id, operations, bytes });
const ids = (batch: ChannelBatch<Item> | null): number[] => (batch?.items ?? []).map(({ id }) => id);

async function produceAll(channel: Channel<Item>, items: readonly Item[], pause: () => Promise<void>): Promise<void> {
  for (const each of items) {
    await pause();
    while (!channel.offer(each)) await channel.room();
  }
  channel.close();
}

async function consumeAll(channel: Channel<Item>, check: (batch: ChannelBatch<Item>) => Promise<void>): Promise<void> {
  for (let batch = await channel.take(); batch !== null; batch = await channel.take()) {
    await check(batch);
    channel.acknowledge(batch);
  }
}

describe('the channel', () => {
  test('returns a full batch before its linger ends', async () => {
    const channel = createChannel<Item>(createManualClock(), { batchOpsMax: 2 });
    const taken = channel.take();
    channel.offer(item(1));
    channel.offer(item(2));
    channel.offer(item(3));
    expect(ids(await taken)).toEqual([1, 2]);
  });

  test('also limits a batch by bytes, without splitting an item', async () => {
    const channel = createChannel<Item>(createManualClock(), { batchBytesMax: 100 });
    channel.offer(item(1, 60));
    channel.offer(item(2, 60));
    const first = await channel.take();
    expect(ids(first)).toEqual([1]);
    expect(first?.bytes).toBe(60);
  });

  test('returns a partial batch when the linger of its first item ends, and leaves no timer', async () => {
    const clock = createManualClock();
    const channel = createChannel<Item>(clock, { lingerMs: 5 });
    let batch: ChannelBatch<Item> | null | undefined;
    const taken = channel.take().then((value) => {
      batch = value;
    });
    channel.offer(item(1));
    await turn();
    await clock.advance(4);
    channel.offer(item(2));
    expect(batch).toBeUndefined();
    await clock.advance(1);
    await taken;
    expect(ids(batch ?? null)).toEqual([1, 2]);
    expect(clock.sleeping()).toBe(0);
  });

  test('counts items that were taken but not acknowledged: durable before acknowledged (I2), bounded (I11)', async () => {
    const channel = createChannel<Item>(createManualClock(), { opsMax: 3, batchOpsMax: 2 });
    expect([1, 2, 3, 4].map((id) => channel.offer(item(id)))).toEqual([true, true, true, false]);
    const batch = await channel.take();
    expect(channel.offer(item(4))).toBe(false);
    expect(channel.isEmpty()).toBe(false);
    const room = channel.room();
    if (batch !== null) channel.acknowledge(batch);
    await room;
    expect(channel.offer(item(4))).toBe(true);
    expect(channel.fill()).toMatchObject({ bufferedOperations: 2, bufferedOperationsMax: 3 });
  });

  test('accepts one item above the byte limit if it is empty', async () => {
    const channel = createChannel<Item>(createManualClock(), { bytesMax: 100, lingerMs: 0 });
    expect(channel.offer(item(1, 5000))).toBe(true);
    expect(channel.offer(item(2, 1))).toBe(false);
    expect(ids(await channel.take())).toEqual([1]);
  });

  test('does not linger while its producer is blocked', async () => {
    const channel = createChannel<Item>(createManualClock(), { opsMax: 1, lingerMs: 1_000_000 });
    channel.offer(item(1));
    const taken = channel.take();
    await turn();
    const room = channel.room();
    const batch = await taken;
    expect(ids(batch)).toEqual([1]);
    if (batch !== null) channel.acknowledge(batch);
    await room;
  });

  test('returns the remaining items after close, then null', async () => {
    const channel = createChannel<Item>(createManualClock());
    channel.offer(item(1));
    channel.close();
    const batch = await channel.take();
    expect(ids(batch)).toEqual([1]);
    if (batch !== null) channel.acknowledge(batch);
    expect(await channel.take()).toBeNull();
    expect(() => channel.offer(item(2))).toThrow('after close()');
  });

  test('a failure reaches both sides at once, and the first cause is kept', async () => {
    const channel = createChannel<Item>(createManualClock(), { opsMax: 1 });
    channel.offer(item(1));
    const room = expect(channel.room()).rejects.toThrow('first');
    channel.fail(new Error('first'));
    channel.fail(new Error('second'));
    await room;
    await expect(channel.take()).rejects.toThrow('first');
  });

  test('keeps order and limits and loses nothing, for any sizes and interleaving', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 80 }), operations: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 60,
        }),
        fc.scheduler(),
        async (sizes, scheduler) => {
          const clock = createManualClock();
          const options = { batchOpsMax: 5, batchBytesMax: 100, opsMax: 9, bytesMax: 150, lingerMs: 0 };
          const channel = createChannel<Item>(clock, options);
          const pause = (): Promise<void> => scheduler.schedule(Promise.resolve());
          const seen: number[] = [];
          const check = async (batch: ChannelBatch<Item>): Promise<void> => {
            const fill = channel.fill();
            expect(fill.bufferedOperations <= options.opsMax || batch.items.length === 1).toBe(true);
            expect(batch.items.length === 1 || batch.bytes <= options.batchBytesMax).toBe(true);
            await pause();
            seen.push(...ids(batch));
          };
          const items = sizes.map((size, id) => ({ id, ...size }));
          await scheduler.waitFor(Promise.all([produceAll(channel, items, pause), consumeAll(channel, check)]));
          expect(seen).toEqual(sizes.map((_, id) => id));
          expect(channel.isEmpty()).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
