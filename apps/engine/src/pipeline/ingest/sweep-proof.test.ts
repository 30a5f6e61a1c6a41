import type { ShapeFilter } from '@emcachers/core/shape-filter';
import { createEntity } from '@emcachers/db/control/entities';
import { describe, expect, test } from 'vitest';
import { type IngestBench, openIngestBench, until } from '../../../test/support/test-ingest.ts';
import { storedShape } from '../../control/entity/stored-shape.ts';
import type { MongoSource } from '../change-source/change-source.ts';

interface Item {
  readonly _id: number;
  readonly n: number;
}

const filteredItems = {
  entityName: 'items',
  sourceName: 'shop.items',
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
};
const documents = (count: number): Item[] => Array.from({ length: count }, (_, _id) => ({ _id, n: _id }));

/** A live entity of `count` documents. Ingest is stopped; `restart` forgets the position, so that only a scan finds deletions. */
async function openStopped(count: number, where?: ShapeFilter) {
  const bench = await openIngestBench();
  const items = bench.mongo.db('shop').collection<Item>('items');
  await items.insertMany(documents(count));
  if (where === undefined) await bench.create('items');
  else await createEntity(bench.oplog.database, storedShape({ ...filteredItems, where }, null));
  const first = bench.run();
  await bench.settled('items');
  await first.stop();
  return {
    bench,
    items,
    async restart(source: MongoSource = bench.source) {
      await bench.oplog.writer.resetPosition({ reason: 'The history is lost.', errorCode: 'EMC-2003' });
      bench.run({ pageDocumentsMax: 50 }, source);
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

/** A source whose scans lose their second page without an error. */
function losingPages(source: MongoSource): MongoSource {
  return {
    ...source,
    async readPage(request) {
      const page = await source.readPage(request);
      if (request.after.kind === 'none' || page.lastKey === null) return page;
      const isSecond =
        (page.documents[0]?.length ?? 0) > 0 && Buffer.from(request.after.document).readInt32LE(9) === 49;
      return isSecond ? { ...page, documents: [] } : page;
    },
  };
}

/** The document with a BSON type that does not exist in its second field, after the int32 `_id`. */
function damaged(document: Uint8Array): Uint8Array {
  const bytes = Buffer.from(document);
  bytes[13] = 0x30;
  return bytes;
}

async function refused(bench: IngestBench): Promise<string | null> {
  await until(async () => (await bench.oplog.entity('items')).lifecycle === 'failed');
  const { errorCode, reason } = await bench.oplog.entity('items');
  expect(errorCode).toBe('EMC-3004');
  return reason;
}

describe('I7: the sweep after a scan', () => {
  test('deletes nothing if the scan lost a page: the source held more documents than it read', async () => {
    await using stopped = await openStopped(300);
    const { bench } = stopped;
    await stopped.restart(losingPages(bench.source));
    expect(await refused(bench)).toContain('The scan read 250 documents, but the source held 300');
    expect((await bench.replayed('items')).size).toBe(300);
  });

  test('deletes nothing if the scan lost a page and the counts agree: the source still has the documents', async () => {
    await using stopped = await openStopped(300);
    const { bench } = stopped;
    const source = { ...losingPages(bench.source), countDocuments: async () => 250 };
    await stopped.restart(source);
    expect(await refused(bench)).toContain('The source still has 50 of 50 documents that the scan did not find');
    expect((await bench.replayed('items')).size).toBe(300);
  });

  test('deletes nothing if the filter cannot read the documents that the source still has', async () => {
    await using stopped = await openStopped(300, { n: { $gte: 0 } });
    const { bench } = stopped;
    const source: MongoSource = {
      ...losingPages(bench.source),
      countDocuments: async () => 250,
      async readDocuments(request) {
        const answer = await bench.source.readDocuments(request);
        return { ...answer, documents: answer.documents.map(damaged) };
      },
    };
    await stopped.restart(source);
    expect(await refused(bench)).toContain('The source still has 50 of 50 documents that the scan did not find');
    expect((await bench.replayed('items')).size).toBe(300);
  });

  test('deletes what is gone from the source, and only that', async () => {
    await using stopped = await openStopped(300);
    const { bench, items } = stopped;
    await items.deleteMany({ _id: { $gte: 120, $lt: 160 } });
    await items.insertOne({ _id: 1_000, n: 1 });
    await stopped.restart();
    await bench.settled('items');
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
    expect((await bench.replayed('items')).size).toBe(261);
  });

  test('empties the cache of an emptied collection without a person, although it deletes everything', async () => {
    await using stopped = await openStopped(1_500);
    const { bench, items } = stopped;
    await items.deleteMany({});
    await stopped.restart();
    await bench.settled('items');
    expect((await bench.replayed('items')).size).toBe(0);
  });

  test('waits for the stream if a document is inserted again before it is looked up, and keeps it', async () => {
    await using stopped = await openStopped(300);
    const { bench, items } = stopped;
    await items.deleteMany({ _id: { $lt: 10 } });
    let inserted = 0;
    const source: MongoSource = {
      ...bench.source,
      async readDocuments(request) {
        if (inserted++ === 0) await items.insertOne({ _id: 3, n: 33 });
        return bench.source.readDocuments(request);
      },
    };
    await stopped.restart(source);
    await bench.settled('items');
    expect(inserted).toBe(1);
    expect(await bench.replayed('items')).toEqual(await bench.projected('items'));
    expect((await bench.replayed('items')).size).toBe(291);
  });
});
