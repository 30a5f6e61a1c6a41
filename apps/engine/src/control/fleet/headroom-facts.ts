import type { HeadroomFacts } from '@emcachers/core/oplog-headroom';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { captureOf } from './capture-lag.ts';
import { nowOf } from './fleet-reading.ts';

/** The part of a `Reading` that is needed here. */
interface StreamsReading {
  readonly rows: {
    readonly nowMs: number;
    readonly streams: readonly StreamRow[];
    readonly entities: readonly Pick<EntityRecord, 'streamId'>[];
  };
  readonly readAgeMs: number;
}

/** The newest look at MongoDB's oplog that a leader has reported, and the place in it of the stream that is furthest behind. */
export function headroomFacts(reading: StreamsReading): HeadroomFacts {
  const looks = reading.rows.streams.flatMap((stream) => lookOf(stream, nowOf(reading)));
  const [look = null] = looks.toSorted((one, other) => one.ageMs - other.ageMs);
  const places = fedStreams(reading.rows)
    .map(({ position }) => position.sourceTimeMs)
    .filter((place) => place !== null);
  return { look, placeMs: places.length === 0 ? null : Math.min(...places) };
}

function lookOf(stream: StreamRow, nowMs: number): NonNullable<HeadroomFacts['look']>[] {
  const capture = captureOf(stream);
  const look = capture?.sourceOplog ?? null;
  if (capture === null || look === null) return [];
  return [{ ...look, ageMs: look.ageMs + Math.max(0, nowMs - capture.reportedAtMs) }];
}

/** A stream without entities has nothing to lose, unless there are no entities at all. */
function fedStreams({ entities, streams }: StreamsReading['rows']): readonly StreamRow[] {
  const used = new Set(entities.map(({ streamId }) => streamId));
  return used.size === 0 ? streams : streams.filter(({ streamId }) => used.has(streamId));
}
