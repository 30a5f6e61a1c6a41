import { createEntity } from '@emcachers/db/control/entities';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { expect, test } from 'vitest';
import { openIngestBench, until } from '../../../test/support/test-ingest.ts';
import { storedShape } from '../../control/entity/stored-shape.ts';

const maskKey = Buffer.from('a key of thirty-two bytes, or so.');
const shape = {
  entityName: 'people',
  sourceName: 'shop.people',
  columns: [
    { name: 'email', type: 'Text' as const, path: 'email', mask: { kind: 'hash' as const } },
    { name: 'n', type: 'Integer' as const, path: 'n', whenRefused: 'dead-letter' as const },
  ],
};

test('an engine with another key fails the entity and leaves its rows; the right key mends it', async () => {
  await using bench = await openIngestBench();
  const people = bench.mongo.db('shop').collection<{ _id: number; email: string }>('people');
  await people.insertOne({ _id: 1, email: 'a@b.example' });
  await createEntity(bench.oplog.database, storedShape(shape, maskKey));
  const first = bench.run({ maskKey });
  await bench.settled('people');
  await first.stop();
  const before = await bench.oplog.replay((await bench.oplog.entity('people')).entityId);
  expect(before.get('n:1')).toMatch(/^\["[0-9a-f]{64}",null\]$/);
  for (const other of [null, Buffer.alloc(32, 1)]) {
    const wrong = bench.run({ maskKey: other });
    await until(async () => (await bench.oplog.entity('people')).lifecycle === 'failed');
    await wrong.stop();
    const { entityId, errorCode, reason } = await bench.oplog.entity('people');
    expect(errorCode).toBe('EMC-2020');
    expect(reason).toMatch(/EMCACHERS_MASK_KEY .*refresh the entity/);
    expect(await bench.oplog.replay(entityId)).toEqual(before);
    await bench.refresh('people');
  }
  bench.run({ maskKey });
  await bench.settled('people');
  expect(await bench.oplog.replay((await bench.oplog.entity('people')).entityId)).toEqual(before);
});

test('the dead letter of a masked entity has the reason and the key, but no document', async () => {
  await using bench = await openIngestBench();
  const people = bench.mongo.db('shop').collection<{ _id: number; email: string; n: string }>('people');
  await people.insertOne({ _id: 1, email: 'a@b.example', n: 'a@b.example' });
  await createEntity(bench.oplog.database, storedShape(shape, maskKey));
  bench.run({ maskKey });
  await bench.settled('people');
  const { entityId } = await bench.oplog.entity('people');
  const letters = await readDeadLetters(bench.oplog.database, { entityId, limit: 10 });
  expect(letters).toMatchObject([{ docId: 'n:1', errorCode: 'EMC-6003', documentKey: expect.anything() }]);
  const stored = await bench.oplog.database.pool.query('SELECT raw FROM dead_letter');
  expect(stored.rows).toEqual([{ raw: null }]);
  expect(JSON.stringify(letters)).not.toContain('a@b.example');
});
