import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { expect, test } from 'vitest';
import { createLeapingClock } from '../../test/support/test-clock.ts';
import { untilAborted } from './abort.ts';
import { systemClock } from './clock.ts';
import type { Service } from './service.ts';
import { createSupervisor, supervisorDefaults } from './supervisor.ts';

const away = () => new EmcachersError({ code: 'EMC-3001', detail: 'nobody answers' });

/** Fails with the given faults, one a run, and then runs until it is stopped. */
function failing(faults: (() => unknown)[]): Service & { runs: number; settled: Promise<void> } {
  const settled = Promise.withResolvers<void>();
  const service = {
    name: 'replicator',
    runs: 0,
    settled: settled.promise,
    async run(signal: AbortSignal) {
      const fault = faults[service.runs];
      service.runs += 1;
      if (fault !== undefined) throw fault();
      settled.resolve();
      await untilAborted(signal);
    },
  };
  return service;
}

test('restarts a failed service and keeps the cause', async () => {
  const clock = createLeapingClock();
  const supervisor = createSupervisor({ clock, log: silentLog, random: () => 0.5 });
  const service = failing([() => new Error('the root cause')]);
  supervisor.start(service);
  await service.settled;
  expect(supervisor.states()).toMatchObject([
    { name: 'replicator', status: 'running', failures: 1, lastFault: { code: null, message: 'the root cause' } },
  ]);
  expect(await supervisor.stop(['replicator'], 1_000)).toEqual([]);
});

test('the backoff grows, and the fifth consecutive infrastructure failure pauses for 30 s', async () => {
  const clock = createLeapingClock();
  const supervisor = createSupervisor({ clock, log: silentLog, random: () => 0.999 });
  const service = failing(Array.from({ length: 6 }, () => away));
  supervisor.start(service);
  await service.settled;
  expect(clock.delaysMs.slice(0, 4)).toEqual([249, 499, 999, 1_998]);
  // The sixth run is the one probe; it fails and opens for a fresh 30 s.
  expect(clock.delaysMs.slice(4, 6)).toEqual([30_000, 30_000]);
  await supervisor.stop(['replicator'], 1_000);
});

test('losing the leadership does not open the circuit breaker', async () => {
  const clock = createLeapingClock();
  const supervisor = createSupervisor({ clock, log: silentLog, random: () => 0 });
  const service = failing(Array.from({ length: 8 }, () => () => new EmcachersError({ code: 'EMC-3002', detail: '' })));
  supervisor.start(service);
  await service.settled;
  expect(Math.max(...clock.delaysMs)).toBe(0);
  await supervisor.stop(['replicator'], 1_000);
});

test('resets the failure count only after a long enough run', async () => {
  const clock = createLeapingClock();
  const supervisor = createSupervisor({ clock, log: silentLog, random: () => 0.999 });
  const lasting = () => {
    clock.leap(supervisorDefaults.sustainedMs);
    return away();
  };
  const service = failing([away, away, lasting, away]);
  supervisor.start(service);
  await service.settled;
  expect(clock.delaysMs).toEqual([249, 499, 249, 499]);
  await supervisor.stop(['replicator'], 1_000);
});

test('restarts and reports a service that ends without being stopped', async () => {
  const clock = createLeapingClock();
  const supervisor = createSupervisor({ clock, log: silentLog, random: () => 0 });
  const second = Promise.withResolvers<void>();
  let runs = 0;
  supervisor.start({
    name: 'ingest',
    async run(signal) {
      runs += 1;
      if (runs === 1) return;
      second.resolve();
      await untilAborted(signal);
    },
  });
  await second.promise;
  expect(supervisor.states()[0]?.lastFault?.message).toMatch(/ended without a request to stop/);
  await supervisor.stop(['ingest'], 1_000);
});

test('a stop ends a pause at once and names a service that does not stop', async () => {
  const supervisor = createSupervisor({ clock: systemClock, log: silentLog, random: () => 0.999 });
  const fallen = Promise.withResolvers<void>();
  supervisor.start({
    name: 'pausing',
    async run() {
      fallen.resolve();
      throw away();
    },
  });
  supervisor.start({ name: 'deaf', run: () => new Promise(() => {}) });
  await fallen.promise;
  const startedMs = systemClock.monotonicMs();
  expect(await supervisor.stop(['pausing', 'deaf'], 60)).toEqual(['deaf']);
  expect(systemClock.monotonicMs() - startedMs).toBeLessThan(1_000);
});
