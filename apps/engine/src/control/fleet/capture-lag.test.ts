import type { StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { expect, test } from 'vitest';
import { captureLagMs } from './capture-lag.ts';

const nowMs = 1_000_000;

interface Given {
  readonly replyAgeMs?: number | null;
  readonly reportAgeMs?: number;
  readonly reporter?: string;
  readonly buffered?: number;
  readonly positionAgeMs?: number | null;
  readonly savedAgeMs?: number | null;
}

function streamOf(given: Given): StreamRow {
  const { replyAgeMs = 100, reportAgeMs = 1_900, reporter = 'n1', buffered = 0 } = given;
  const { positionAgeMs = 10_000, savedAgeMs = 500 } = given;
  const before = (ageMs: number | null): number | null => (ageMs === null ? null : nowMs - ageMs);
  return {
    streamId: 1,
    streamName: 'default',
    head: 10,
    leader: { nodeId: 'n1', epoch: 1 },
    position: { savedAtMs: before(savedAgeMs), sourceTimeMs: before(positionAgeMs) },
    capture: {
      nodeId: reporter,
      reportedAtMs: nowMs - reportAgeMs,
      streamOpen: true,
      replyAgeMs,
      changesTotal: 0,
      bufferedOperations: buffered,
      bufferedBytes: 0,
      error: null,
      errorCode: null,
      mongo: null,
      sourceOplog: null,
    },
    loss: null,
  };
}

test.each<[string, Given, number | null]>([
  ['an idle stream answers: none, however old the newest change is', { positionAgeMs: 3_600_000 }, 0],
  ['MongoDB does not answer: its silence', { replyAgeMs: 30_000, reportAgeMs: 1_000 }, 31_000],
  ['the leader does not report: it grows with its silence', { replyAgeMs: 100, reportAgeMs: 60_000 }, 60_100],
  ['a backlog: the age of the position', { buffered: 5, positionAgeMs: 60_000 }, 59_000],
  ['changes flow: nothing but the granularity of the times', { buffered: 5, positionAgeMs: 900 }, 0],
  ['a new leader has no answer yet: the age of the saved position', { replyAgeMs: null, savedAgeMs: 9_000 }, 9_000],
  ['an earlier leader reported: the age of the saved position', { reporter: 'n2', savedAgeMs: 9_000 }, 9_000],
  ['there is no position yet: unknown', { replyAgeMs: null, savedAgeMs: null }, null],
])('%s', (_what, given, lagMs) => {
  expect(captureLagMs(streamOf(given), nowMs)).toBe(lagMs);
});
