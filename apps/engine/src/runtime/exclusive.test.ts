import { expect, test } from 'vitest';
import { Exclusive } from './exclusive.ts';

test('actions with the same key run one after another, also after one has failed; others do not wait', async () => {
  const exclusive = new Exclusive();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const note = (word: string) => async () => {
    order.push(word);
  };
  const failing = exclusive.run(1, async () => {
    await first.promise;
    throw new Error('first');
  });
  const second = exclusive.run(1, note('second'));
  await exclusive.run(2, note('other'));
  first.reject(new Error('end'));
  await expect(failing).rejects.toThrow('end');
  await second;
  expect(order).toEqual(['other', 'second']);
});
