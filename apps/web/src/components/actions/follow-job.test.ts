import type { JobView } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { followJob } from './follow-job.ts';

const job = (overrides: Partial<JobView> = {}): JobView => ({
  jobId: '5f0c8f1e-6a39-4c39-9d5c-0e8a3f6f2b11',
  kind: 'refresh',
  entityName: 'orders',
  status: 'running',
  message: 'Scanning.',
  errorCode: null,
  correlationId: null,
  createdAt: '2026-11-21T12:00:00.000Z',
  startedAt: '2026-11-21T12:00:00.000Z',
  finishedAt: null,
  attempts: 1,
  retryAt: null,
  ...overrides,
});
const finished = job({ status: 'succeeded', message: 'Done.', finishedAt: '2026-11-21T12:00:09.000Z' });

function follow(answers: (JobView | Error)[]) {
  const reported: (string | null)[] = [];
  const waits: number[] = [];
  const outcome = followJob({
    getJob: async () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error || answer === undefined) throw answer ?? new Error('no answer');
      return answer;
    },
    wait: async (durationMs) => {
      waits.push(durationMs);
    },
    onProgress: ({ message }) => reported.push(message),
  });
  return { outcome, reported, waits };
}

describe('following a job', () => {
  test('returns the finished job, and reports each new message once', async () => {
    const { outcome, reported } = follow([job(), job(), job({ message: 'Sweeping.' }), finished]);
    expect(await outcome).toEqual(finished);
    expect(reported).toEqual(['Scanning.', 'Sweeping.']);
  });

  test('a failed call does not end it', async () => {
    expect(await follow([new Error('network'), finished]).outcome).toEqual(finished);
  });

  test('gives up after half an hour of increasing delays', async () => {
    const { outcome, waits } = follow([job()]);
    expect(await outcome).toBeNull();
    expect(waits[0]).toBe(300);
    expect(waits.at(-1)).toBe(3_000);
    expect(waits.length).toBeLessThan(1_000);
  });
});
