import { EmcachersError } from '@emcachers/core/emcachers-error';
import type pg from 'pg';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** A part of ingest with a leader, a position and an order of its own. */
export interface StreamRecord {
  readonly streamId: number;
  readonly streamName: string;
}

/** The stream that entities belong to unless another one is named. */
export const defaultStreamId = 1;

/** Each costs a change stream in MongoDB, a session in PostgreSQL on every node that may lead it, and some more on its leader. */
const streamsMax = 32;

/**
 * SQL: whether stream `s` is to be led: the default one, those that have entities, and those with a job that has not ended, which is the
 * deletion of the last entity.
 */
export const isInUse = `(
  s.id = ${defaultStreamId} OR EXISTS (SELECT 1 FROM entity e WHERE e.stream_id = s.id)
  OR EXISTS (SELECT 1 FROM job j WHERE j.stream_id = s.id AND j.status IN ('queued', 'running')))`;

/** The streams that are to be led, by id. Throws EMC-3001. */
export async function listStreams(database: Database): Promise<readonly StreamRecord[]> {
  try {
    const answer = await database.pool.query<StreamRecord>(
      `SELECT s.id AS "streamId", s.name AS "streamName" FROM stream s WHERE ${isInUse} ORDER BY s.id`,
    );
    return answer.rows;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** The ids of the streams of these names. Those that do not exist are created; EMC-5001 instead of an id: there are too many. */
export async function ensureStreams(
  client: pg.PoolClient,
  streamNames: readonly string[],
): Promise<ReadonlyMap<string, number | EmcachersError>> {
  const streams = new Map<string, number | EmcachersError>(await findStreams(client, streamNames));
  // In one order, so that two transactions that create the same ones do not wait for each other.
  for (const streamName of [...new Set(streamNames)].toSorted())
    if (!streams.has(streamName)) streams.set(streamName, await ensureStream(client, streamName));
  return streams;
}

async function ensureStream(client: pg.PoolClient, streamName: string): Promise<number | EmcachersError> {
  const created = await createStream(client, streamName);
  if (created !== null) return created;
  // Another transaction created it meanwhile; this statement sees what that one has committed.
  const found = (await findStreams(client, [streamName])).get(streamName);
  if (found === undefined) throw new Error(`The stream ${streamName} was not created.`);
  return found;
}

async function findStreams(
  client: pg.PoolClient,
  streamNames: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const answer = await client.query<StreamRecord>(
    'SELECT id AS "streamId", name AS "streamName" FROM stream WHERE name = ANY ($1::text[])',
    [streamNames],
  );
  return new Map(answer.rows.map(({ streamId, streamName }) => [streamName, streamId]));
}

/** Null if another transaction created it meanwhile. */
async function createStream(client: pg.PoolClient, streamName: string): Promise<number | EmcachersError | null> {
  const counted = await client.query<{ streams: number }>('SELECT count(*) AS streams FROM stream');
  if ((counted.rows[0]?.streams ?? 0) >= streamsMax) return tooManyStreams();
  const answer = await client.query<{ id: number }>(
    `WITH made AS (INSERT INTO stream (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id),
          leader AS (INSERT INTO leader (stream_id, epoch) SELECT id, 0 FROM made),
          token AS (INSERT INTO mongo_resume_token (stream_id) SELECT id FROM made)
     SELECT id FROM made`,
    [streamName],
  );
  return answer.rows[0]?.id ?? null;
}

function tooManyStreams(): EmcachersError {
  const message = `There are already ${streamsMax} streams. Use one of them.`;
  return new EmcachersError({ code: 'EMC-5001', detail: message, fields: [{ path: ['stream'], message }] });
}
