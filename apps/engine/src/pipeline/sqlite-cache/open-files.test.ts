import { expect, test } from 'vitest';
import { openFilesMax } from './open-files.ts';

test('the number of open files follows the limit of descriptors, and leaves some for everything else', () => {
  expect([64, 256, 512, 1_024, 1_048_576, null].map(openFilesMax)).toEqual([4, 42, 128, 200, 200, 200]);
  expect(openFilesMax()).toBeGreaterThanOrEqual(4);
});
