import {
  Binary,
  BSON,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { rawArray, rawDocument, rawElement, rawEmbedded, rawInt, rawString } from './raw-bson.ts';
import { useServer } from './use-server.ts';
import { WireClient } from './wire-client.ts';

// Sources: manual, "Documents", "BSON Types", "MongoDB Limits and Thresholds" (BSON Document Size).
const LIMIT_BYTES = 16 * 1024 * 1024;
const server = useServer();

/** Inserts raw documents and reads them back raw, in the order of their insertion ids. */
async function roundTrip(documents: readonly Buffer[]): Promise<Buffer[]> {
  await using scratch = freshDatabase(server().client);
  await using wire = await WireClient.connect(server().url);
  const reply = await wire.commandRaw(scratch.name, [rawString('insert', 'items'), rawArray('documents', documents)]);
  expect(BSON.deserialize(reply)).toMatchObject({ ok: 1, n: documents.length });
  const found = await wire.command(scratch.name, { find: 'items', sort: { _id: 1 } }, { firstBatch: true });
  return found['cursor'].firstBatch.map((bytes: Uint8Array) => Buffer.from(bytes));
}

describe('a stored document', () => {
  test('keeps the order of its fields, including numeric and repeated names', async () => {
    const document = rawDocument(
      rawInt('_id', 1),
      rawInt('b', 1),
      rawInt('2', 2),
      rawInt('1', 3),
      rawInt('same', 1),
      rawInt('same', 2),
      rawInt('', 4),
      rawInt('a.b', 5),
      rawEmbedded('nested', rawDocument(rawInt('z', 1), rawInt('0', 2))),
    );
    expect(await roundTrip([document])).toEqual([document]);
  });

  test('gets its _id moved to the front, and is otherwise unchanged', async () => {
    // Source: manual, "The _id Field": the server moves it to the beginning.
    const given = rawDocument(rawInt('a', 1), rawInt('_id', 7), rawInt('b', 2));
    const kept = rawDocument(rawInt('_id', 7), rawInt('a', 1), rawInt('b', 2));
    expect(await roundTrip([given])).toEqual([kept]);
  });

  test('gets an ObjectId as its _id if it has none', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.command({ insert: 'items', documents: [{ a: 1 }] });
    const [document] = await scratch.items.find().toArray();
    expect(Object.keys(document ?? {})).toEqual(['_id', 'a']);
    expect(document?._id).toBeInstanceOf(ObjectId);
  });

  test('keeps strings that are not UTF-8 as they are', async () => {
    const text = Buffer.from([5, 0, 0, 0, 0x61, 0xff, 0x62, 0xfe, 0]);
    const document = rawDocument(rawInt('_id', 1), rawElement(0x02, 'text', text));
    expect(await roundTrip([document])).toEqual([document]);
  });

  test('keeps the deprecated types undefined, symbol and DBPointer', async () => {
    const document = rawDocument(
      rawInt('_id', 1),
      rawElement(0x06, 'undefined', Buffer.alloc(0)),
      rawElement(0x0e, 'symbol', Buffer.from('\x02\0\0\0s\0', 'latin1')),
      rawElement(0x0c, 'pointer', Buffer.from('\x02\0\0\0n\0abcdefghijkl', 'latin1')),
    );
    expect(await roundTrip([document])).toEqual([document]);
  });

  test('keeps nesting of a hundred levels', async () => {
    let inner = rawDocument(rawInt('leaf', 1));
    for (let depth = 0; depth < 97; depth += 1) inner = rawDocument(rawEmbedded('d', inner));
    const document = rawDocument(rawInt('_id', 1), rawEmbedded('d', inner));
    expect(await roundTrip([document])).toEqual([document]);
  });

  test('keeps types and values of numbers and dates at their limits', async () => {
    await using scratch = freshDatabase(server().client);
    const document = {
      _id: 1,
      int: new Int32(-2147483648),
      long: Long.MAX_VALUE,
      double: new Double(5),
      negativeZero: new Double(-0),
      nan: new Double(Number.NaN),
      decimal: Decimal128.fromString('1.00'),
      wide: Decimal128.fromString('9.999999999999999999999999999999999E+6144'),
      date: new Date(-1),
      timestamp: new Timestamp({ t: 4294967295, i: 4294967295 }),
      min: new MinKey(),
      max: new MaxKey(),
    } as Document;
    await scratch.items.insertOne(document);
    const options = { promoteValues: false } as const;
    const found = await scratch.items.findOne({}, options);
    expect(Buffer.from(BSON.serialize(found as Document)).equals(Buffer.from(BSON.serialize(document)))).toBe(true);
  });
});

describe('the size of a document', () => {
  function documentOf(bytes: number): Document {
    const overhead = BSON.calculateObjectSize({ _id: 1, pad: '' });
    return { _id: 1, pad: 'x'.repeat(bytes - overhead) };
  }

  test('can be 16 MB', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne(documentOf(LIMIT_BYTES));
    const found = await scratch.items.findOne({});
    expect(BSON.calculateObjectSize(found as Document)).toBe(LIMIT_BYTES);
  });

  test('above 16 MB is refused by an insert', async () => {
    // Source: error_codes.yml BSONObjectTooLarge 10334; the driver forbids it first, so the bytes go by hand.
    await using scratch = freshDatabase(server().client);
    await using wire = await WireClient.connect(server().url);
    const document = Buffer.from(BSON.serialize(documentOf(LIMIT_BYTES + 1)));
    const reply = BSON.deserialize(
      await wire.commandRaw(scratch.name, [rawString('insert', 'items'), rawArray('documents', [document])]),
    );
    const failure = reply['writeErrors']?.[0] ?? reply;
    expect([2, 10334]).toContain(failure['code']);
    expect(await scratch.items.countDocuments()).toBe(0);
  });

  test('must not grow above 16 MB by an update', async () => {
    // Source: mongodb/mongo src/mongo/db/exec/update_stage.cpp: "Resulting document after update is larger than", 17419.
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne(documentOf(LIMIT_BYTES - 10));
    const failure = await failureOf(scratch.items.updateOne({}, { $set: { more: 'x'.repeat(1_000) } }));
    expect([17419, 10334, 17420]).toContain(failure.code);
    expect(BSON.calculateObjectSize((await scratch.items.findOne({})) as Document)).toBe(LIMIT_BYTES - 10);
  });
});

describe('binary values', () => {
  test('keep their subtype', async () => {
    await using scratch = freshDatabase(server().client);
    for (const subtype of [0, 2, 3, 4, 5, 6, 128]) {
      const value = new Binary(Buffer.alloc(16, subtype), subtype);
      await scratch.items.insertOne({ _id: subtype, value });
      const found = await scratch.items.findOne({ _id: subtype }, { promoteBuffers: false });
      expect(found?.['value'].sub_type).toBe(subtype);
      expect(Buffer.from(found?.['value'].value()).equals(Buffer.alloc(16, subtype))).toBe(true);
    }
  });
});
