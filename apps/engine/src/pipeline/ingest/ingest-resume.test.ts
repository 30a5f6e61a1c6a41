import { serialize } from 'bson';
import type { ResumeToken } from 'mongodb';
import { expect, test } from 'vitest';
import { type IngestBench, openIngestBench } from '../../../test/support/test-ingest.ts';

interface Place {
  readonly token: { readonly _data: string };
  readonly clusterTime: bigint;
}

/** Makes one change in `shop.b` and returns its position in the stream. */
async function changeOfB(bench: IngestBench): Promise<Place> {
  const stream = bench.mongo.watch();
  const opened = stream.tryNext();
  await opened;
  await bench.mongo.db('shop').collection<{ _id: number; n: number }>('b').insertOne({ _id: 99, n: 99 });
  const event = await stream.next();
  await stream.close();
  const token: ResumeToken = event._id;
  if (event.clusterTime === undefined) throw new Error('A change without a time.');
  return { token: token as Place['token'], clusterTime: event.clusterTime.toBigInt() };
}

/** As a leader leaves it that is killed right after it has committed this change. */
async function leaveAt(bench: IngestBench, { token, clusterTime }: Place): Promise<void> {
  await bench.oplog.database.pool.query(
    'UPDATE mongo_resume_token SET token = $1, token_data = $2, cluster_time = $3 WHERE stream_id = 1',
    [serialize(token), token._data.toUpperCase(), clusterTime.toString()],
  );
}

test('deleting the entity of the last change does not cause a rescan of other entities', async () => {
  await using bench = await openIngestBench();
  const a = bench.mongo.db('shop').collection<{ _id: number; n: number }>('a');
  await a.insertOne({ _id: 1, n: 1 });
  await bench.create('a');
  const b = await bench.create('b');
  const before = bench.run();
  await bench.settled('a', 'b');
  await before.stop();
  await leaveAt(bench, await changeOfB(bench));
  await bench.oplog.database.pool.query(`UPDATE entity SET lifecycle = 'deleting', route = 'none' WHERE id = $1`, [
    b.entityId,
  ]);
  await a.insertOne({ _id: 2, n: 2 });
  bench.run();
  await bench.settled('a');
  expect((await bench.oplog.entity('a')).version).toBe(1);
  expect(await bench.replayed('a')).toEqual(await bench.projected('a'));
  const { position } = await bench.oplog.writer.readPosition();
  expect(position?.version).toBe(1);
});
