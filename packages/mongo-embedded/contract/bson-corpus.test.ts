/**
 * Every canonical document of MongoDB's BSON corpus goes in raw and comes back byte for byte, by a find and by a
 * change stream. The corpus is MongoDB's and is read from EMCACHERS_SPEC_DIR.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshDatabase } from './fresh-database.ts';
import { rawArray, rawDocument, rawElement, rawEmbedded, rawInt, rawString } from './raw-bson.ts';
import { useServer } from './use-server.ts';
import { message, WireClient } from './wire-client.ts';

interface Corpus {
  readonly description: string;
  readonly valid?: readonly { readonly description: string; readonly canonical_bson: string }[];
  readonly decodeErrors?: readonly { readonly description: string; readonly bson: string }[];
}

const specFolder = process.env['EMCACHERS_SPEC_DIR'];
const folder = specFolder === undefined ? null : join(specFolder, 'bson-corpus');
const server = useServer();

function corpusFiles(): [string, Corpus][] {
  if (folder === null) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as Corpus]);
}

/** Number of documents and bytes that a change stream of the test can hold in one batch is far above the corpus's. */
const BATCH = 1_000;

if (folder === null) {
  test('the BSON corpus is read if EMCACHERS_SPEC_DIR names its folder', ({ skip }) => {
    skip('EMCACHERS_SPEC_DIR is not set: there is no corpus to read');
  });
}

async function readEvents(
  wire: WireClient,
  { database, cursorId }: { readonly database: string; readonly cursorId: unknown },
  count: number,
): Promise<Uint8Array[]> {
  const events: Uint8Array[] = [];
  while (events.length < count) {
    const getMore = { getMore: cursorId, collection: 'items', batchSize: BATCH, maxTimeMS: 500 };
    const { cursor } = await wire.command(database, getMore, { nextBatch: true });
    events.push(...cursor.nextBatch);
  }
  return events;
}

async function expectUnchanged(valid: NonNullable<Corpus['valid']>): Promise<void> {
  await using scratch = freshDatabase(server().client);
  await using wire = await WireClient.connect(server().url);
  const opening = { aggregate: 'items', pipeline: [{ $changeStream: {} }], cursor: { batchSize: BATCH } };
  const { cursor } = await wire.command(scratch.name, opening);
  const documents = valid.map(({ canonical_bson }, index) =>
    rawDocument(rawInt('_id', index), rawEmbedded('value', Buffer.from(canonical_bson, 'hex'))),
  );
  const reply = await wire.commandRaw(scratch.name, [rawString('insert', 'items'), rawArray('documents', documents)]);
  expect(reply.includes('errmsg'), reply.toString('latin1')).toBe(false);

  const found = await wire.command(
    scratch.name,
    { find: 'items', sort: { _id: 1 }, batchSize: BATCH },
    { firstBatch: true },
  );
  for (const [index, document] of documents.entries()) {
    expect(found['cursor'].firstBatch[index].toString('hex'), valid[index]?.description).toBe(document.toString('hex'));
  }
  const fromStream = await readEvents(wire, { database: scratch.name, cursorId: cursor.id }, documents.length);
  for (const [index, document] of documents.entries()) {
    const element = Buffer.concat([Buffer.from('\x03fullDocument\0', 'latin1'), document]);
    expect(Buffer.from(fromStream[index] ?? []).includes(element), valid[index]?.description).toBe(true);
  }
}

async function expectHarmless(damaged: NonNullable<Corpus['decodeErrors']>): Promise<void> {
  await using scratch = freshDatabase(server().client);
  for (const { description, bson } of damaged) {
    await using wire = await WireClient.connect(server().url);
    const document = rawDocument(rawInt('_id', 1), rawElement(0x03, 'value', Buffer.from(bson, 'hex')));
    const body = rawDocument(
      rawString('insert', 'items'),
      rawArray('documents', [document]),
      rawString('$db', scratch.name),
    );
    await wire.exchange(message(body, 1));
    expect(await scratch.db.command({ ping: 1 }), description).toMatchObject({ ok: 1 });
    await scratch.items.deleteMany({});
    await scratch.items.insertOne({ sound: description });
    expect(await scratch.items.countDocuments({ sound: description }), description).toBe(1);
  }
}

describe.skipIf(corpusFiles().length === 0)('the BSON corpus', () => {
  for (const [name, corpus] of corpusFiles()) {
    const valid = corpus.valid ?? [];
    const damaged = corpus.decodeErrors ?? [];

    if (valid.length > 0)
      test(`${name}: ${valid.length} documents come back byte for byte`, () => expectUnchanged(valid));

    if (damaged.length > 0)
      test(`${name}: ${damaged.length} damaged documents are refused or harmless`, () => expectHarmless(damaged));
  }
});
