import { expect, test } from 'vitest';
import { Together } from './together.ts';

/** Notes each group, and answers when told to. */
function heldWork() {
  const groups: (readonly number[])[] = [];
  const held: PromiseWithResolvers<void>[] = [];
  const together = new Together(async (items: readonly number[]) => {
    groups.push(items);
    const gate = Promise.withResolvers<void>();
    held.push(gate);
    await gate.promise;
    return items.map((item) => `answer ${item}`);
  });
  return { together, groups, held };
}

test('calls that arrive during a group form the next one, and each gets its own answer', async () => {
  const { together, groups, held } = heldWork();
  const first = together.add(1);
  await expect.poll(() => held.length).toBe(1);
  const others = [2, 3, 4].map((item) => together.add(item));
  held[0]?.resolve();
  expect(await first).toBe('answer 1');
  await expect.poll(() => held.length).toBe(2);
  held[1]?.resolve();
  expect(await Promise.all(others)).toEqual(['answer 2', 'answer 3', 'answer 4']);
  expect(groups).toEqual([[1], [2, 3, 4]]);
});

test('a group that fails rejects its own calls; later ones are worked on', async () => {
  const { together, held } = heldWork();
  const failing = together.add(1);
  await expect.poll(() => held.length).toBe(1);
  held[0]?.reject(new Error('no'));
  await expect(failing).rejects.toThrow('no');
  const later = together.add(2);
  await expect.poll(() => held.length).toBe(2);
  held[1]?.resolve();
  expect(await later).toBe('answer 2');
});

test('a group is bounded: of 150 calls none is in a group of more than 64', async () => {
  const groups: number[] = [];
  const together = new Together(async (items: readonly number[]) => {
    groups.push(items.length);
    return items;
  });
  await Promise.all(Array.from({ length: 150 }, (_, index) => together.add(index)));
  expect(groups).toEqual([64, 64, 22]);
});
