import { EmcachersError } from '@emcachers/core/emcachers-error';
import { expect, test } from 'vitest';
import { createLeapingClock } from '../../test/support/test-clock.ts';
import { createGuard } from './guard.ts';

const away = new EmcachersError({ code: 'EMC-2001', detail: 'nobody answers' });
const fails = () => Promise.reject(away);

test('after five failures calls fail immediately, and after 30 s one call is admitted', async () => {
  const clock = createLeapingClock();
  const guard = createGuard({ clock, faultOf: (thrown) => (thrown === away ? away : null) });
  let asked = 0;
  const answer = async () => {
    asked += 1;
    return 'here';
  };
  for (let round = 0; round < 5; round += 1) await expect(guard.call(fails)).rejects.toBe(away);
  await expect(guard.call(answer)).rejects.toBe(away);
  expect(asked).toBe(0);
  clock.leap(30_000);
  expect(await guard.call(answer)).toBe('here');
  expect(await guard.call(answer)).toBe('here');
  expect(asked).toBe(2);
});

test('an error that the server returned does not count as a failure', async () => {
  const guard = createGuard({ clock: createLeapingClock(), faultOf: () => null });
  const refusal = new Error('not authorized');
  for (let round = 0; round < 9; round += 1)
    await expect(guard.call(() => Promise.reject(refusal))).rejects.toBe(refusal);
  expect(await guard.call(async () => 1)).toBe(1);
});
