import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Change Streams with Document Pre- and Post-Images";
// mongodb/mongo jstests/change_streams/lookup_pit_pre_and_post_image.js.
const NO_MATCHING_DOCUMENT = 47;
const server = useServer();

type Scratch = ReturnType<typeof freshDatabase>;

async function openItems(scratch: Scratch, options: Document): Promise<ChangeStreamReader> {
  return ChangeStreamReader.open({ database: scratch.db, collection: 'items', options });
}

async function changeTwice(scratch: Scratch): Promise<void> {
  await scratch.items.updateOne({ _id: 1 }, { $inc: { x: 1 } });
  await scratch.items.replaceOne({ _id: 1 }, { z: 1 });
  await scratch.items.deleteOne({ _id: 1 });
}

describe('with images kept by the collection', () => {
  test('every kind of change shows the document before and after it', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
    for (const mode of ['whenAvailable', 'required']) {
      await using stream = await openItems(scratch, { fullDocument: mode, fullDocumentBeforeChange: mode });
      await scratch.items.insertOne({ _id: 1, x: 1 });
      await changeTwice(scratch);
      const [insert, update, replace, removal] = await stream.take(4);
      expect(insert).toMatchObject({ fullDocument: { _id: 1, x: 1 } });
      expect(insert !== undefined && 'fullDocumentBeforeChange' in insert).toBe(false);
      expect(update).toMatchObject({ fullDocumentBeforeChange: { _id: 1, x: 1 }, fullDocument: { _id: 1, x: 2 } });
      expect(replace).toMatchObject({ fullDocumentBeforeChange: { _id: 1, x: 2 }, fullDocument: { _id: 1, z: 1 } });
      expect(removal).toMatchObject({ fullDocumentBeforeChange: { _id: 1, z: 1 } });
      expect(removal !== undefined && 'fullDocument' in removal).toBe(false);
    }
  });

  test('the document after is the one of that moment, not of the reading', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
    await scratch.items.insertOne({ _id: 1, x: 1 });
    await using stream = await openItems(scratch, { fullDocument: 'required' });
    await scratch.items.updateOne({ _id: 1 }, { $set: { x: 2 } });
    await scratch.items.updateOne({ _id: 1 }, { $set: { x: 3 } });
    await scratch.items.deleteOne({ _id: 1 });
    const events = await stream.take(2);
    expect(events.map((event) => event['fullDocument'])).toEqual([
      { _id: 1, x: 2 },
      { _id: 1, x: 3 },
    ]);
  });

  test('can be switched on later, from when on they are kept', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, x: 1 });
    await using stream = await openItems(scratch, { fullDocumentBeforeChange: 'whenAvailable' });
    await scratch.items.updateOne({ _id: 1 }, { $set: { x: 2 } });
    await scratch.db.command({ collMod: 'items', changeStreamPreAndPostImages: { enabled: true } });
    await scratch.items.updateOne({ _id: 1 }, { $set: { x: 3 } });
    const [before, after] = await stream.take(2);
    expect(before?.['fullDocumentBeforeChange']).toBeNull();
    expect(after?.['fullDocumentBeforeChange']).toEqual({ _id: 1, x: 2 });
  });

  test('are left out when the stream does not ask', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
    await scratch.items.insertOne({ _id: 1, x: 1 });
    await using stream = await openItems(scratch, { fullDocumentBeforeChange: 'off' });
    await changeTwice(scratch);
    for (const event of await stream.take(3)) expect('fullDocumentBeforeChange' in event).toBe(false);
  });
});

describe('without images kept by the collection', () => {
  test('whenAvailable shows null', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, x: 1 });
    await using stream = await openItems(scratch, {
      fullDocument: 'whenAvailable',
      fullDocumentBeforeChange: 'whenAvailable',
    });
    await changeTwice(scratch);
    const [update, replace, removal] = await stream.take(3);
    expect(update).toMatchObject({ fullDocument: null, fullDocumentBeforeChange: null });
    expect(replace).toMatchObject({ fullDocument: { _id: 1, z: 1 }, fullDocumentBeforeChange: null });
    expect(removal).toMatchObject({ fullDocumentBeforeChange: null });
  });

  for (const field of ['fullDocument', 'fullDocumentBeforeChange']) {
    test(`required in ${field} ends the stream with NoMatchingDocument`, async () => {
      await using scratch = freshDatabase(server().client);
      await scratch.items.insertOne({ _id: 1, x: 1 });
      await using stream = await openItems(scratch, { [field]: 'required' });
      await scratch.items.updateOne({ _id: 1 }, { $set: { x: 2 } });
      const failure = await failureOf(stream.next());
      expect(failure).toMatchObject({ code: NO_MATCHING_DOCUMENT, codeName: 'NoMatchingDocument' });
      expect(failure.errorLabels).toContain('NonResumableChangeStreamError');
    });
  }
});
