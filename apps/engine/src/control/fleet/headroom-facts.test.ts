import type { StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { expect, test } from 'vitest';
import { headroomFacts } from './headroom-facts.ts';

const nowMs = 1_000_000;
const limits = { warningMs: 2, criticalMs: 1 };

interface Given {
  readonly streamId: number;
  /** Time of the saved position; null if there is none. */
  readonly placeMs: number | null;
  /** Age of the look when it was reported; null if there is none. */
  readonly lookAgeMs?: number | null;
  readonly reportAgeMs?: number;
  readonly reporter?: string;
}

function streamOf({ streamId, placeMs, lookAgeMs = null, reportAgeMs = 0, reporter = 'n1' }: Given): StreamRow {
  const oplog = { kind: 'known', oldestMs: streamId, newestMs: nowMs, filled: 1 } as const;
  return {
    streamId,
    streamName: `s${streamId}`,
    head: 0,
    leader: { nodeId: 'n1', epoch: streamId },
    position: { savedAtMs: nowMs, sourceTimeMs: placeMs },
    capture: {
      ...{ nodeId: reporter, reportedAtMs: nowMs - reportAgeMs, streamOpen: true, replyAgeMs: 0, changesTotal: 0 },
      ...{ bufferedOperations: 0, bufferedBytes: 0, error: null, errorCode: null, mongo: null },
      sourceOplog: lookAgeMs === null ? null : { oplog, ageMs: lookAgeMs, limits },
    },
    loss: null,
  };
}

function factsOf(streams: readonly Given[], fed: readonly number[]) {
  const entities = fed.map((streamId) => ({ streamId }));
  return headroomFacts({ rows: { nowMs, streams: streams.map(streamOf), entities }, readAgeMs: 50 });
}

test('of several streams, the newest look counts and the place that is furthest behind', () => {
  const streams = [
    { streamId: 1, placeMs: 900, lookAgeMs: 10, reportAgeMs: 2_000 },
    { streamId: 2, placeMs: 700, lookAgeMs: 500, reportAgeMs: 100 },
    { streamId: 3, placeMs: 800 },
  ];
  const facts = factsOf(streams, [1, 2, 3]);
  expect(facts).toMatchObject({ look: { ageMs: 650, oplog: { oldestMs: 2 } }, placeMs: 700 });
});

test('a stream without entities or without a saved position is no danger, and a look of an earlier leader says nothing', () => {
  const idle = { streamId: 1, placeMs: 10, lookAgeMs: 0, reporter: 'earlier' };
  const fresh = { streamId: 2, placeMs: null };
  const fed = { streamId: 3, placeMs: 800 };
  expect(factsOf([idle, fresh, fed], [2, 3])).toEqual({ look: null, placeMs: 800 });
  expect(factsOf([idle, fresh], [2])).toEqual({ look: null, placeMs: null });
  expect(factsOf([idle], [])).toEqual({ look: null, placeMs: 10 });
});
