import fc from 'fast-check';
import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { type FreshDatabase, freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Source: manual, "update Event" and "Change Events": the events of a collection, applied in order to what it was,
// give what it is. This is what every replicator builds on, so it is tested with writes nobody thought of.
/** Long enough that a shortened array is told by its new size, which takes less room than the whole of it. */
const LARGE = '*'.repeat(128);
const server = useServer();

const ids = fc.integer({ min: 0, max: 4 });
const scalars = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom('x', 'yy', null, true),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const values = fc.oneof(
  { weight: 4, arbitrary: scalars },
  { weight: 4, arbitrary: fc.array(scalars, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.record({ p: scalars, q: scalars }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.array(fc.record({ k: fc.integer({ min: 0, max: 3 }), v: scalars }), { maxLength: 4 }) },
);
const names = fc.constantFrom('a', 'b', 'c', '2', 'list', 'list', 'list', 'list');
const paths = fc.constantFrom('a', 'b', 'a.p', 'b.q.r', 'list.0', 'list.1.v', 'c.2', '2.2');
const documents = fc.dictionary(names, values, { maxKeys: 4 });

const operators = fc.oneof(
  fc.record({ $set: fc.dictionary(paths, values, { minKeys: 1, maxKeys: 3 }) }),
  fc.record({ $unset: fc.dictionary(paths, fc.constant(''), { minKeys: 1, maxKeys: 3 }) }),
  fc.record({ $inc: fc.dictionary(paths, fc.integer({ min: -3, max: 3 }), { minKeys: 1, maxKeys: 2 }) }),
  fc.record({
    $push: fc.record({
      list: fc.record({
        $each: fc.array(values, { maxLength: 3 }),
        $position: fc.nat(3),
        $slice: fc.integer({ min: -4, max: 4 }),
      }),
    }),
  }),
  fc.record({ $pull: fc.record({ list: scalars }) }),
  fc.record({ $pop: fc.record({ list: fc.constantFrom(1, -1) }) }),
  fc.record({ $rename: fc.constantFrom({ a: 'b' }, { c: 'a.p' }, { list: 'c' }) }),
);
const pipelines = fc.constantFrom<Document[][]>(
  [{ $set: { list: { $cond: [{ $isArray: '$list' }, { $slice: ['$list', 1] }, []] } } }],
  [{ $set: { a: { $literal: { p: 1, q: [1, 2, 3] } }, n: { $type: '$b' } } }],
  [{ $unset: ['a', 'list'] }, { $set: { c: '$b' } }],
  [{ $replaceWith: { $mergeObjects: ['$$ROOT', { merged: true }] } }],
);

type Write = (items: FreshDatabase['items']) => Promise<unknown>;
const writes: fc.Arbitrary<[string, Write]> = fc.oneof(
  fc
    .tuple(ids, documents)
    .map(([_id, document]): [string, Write] => [
      `insert ${_id} ${JSON.stringify(document)}`,
      async (items) => items.insertOne({ _id, ...document }),
    ]),
  fc
    .tuple(ids, operators, fc.boolean())
    .map(([_id, update, upsert]): [string, Write] => [
      `update ${_id} ${JSON.stringify(update)} upsert ${upsert}`,
      async (items) => items.updateOne({ _id }, update as Document, { upsert }),
    ]),
  fc
    .tuple(ids, pipelines)
    .map(([_id, pipeline]): [string, Write] => [
      `pipeline ${_id} ${JSON.stringify(pipeline)}`,
      async (items) => items.updateOne({ _id }, pipeline),
    ]),
  fc
    .tuple(ids, documents)
    .map(([_id, document]): [string, Write] => [
      `replace ${_id} ${JSON.stringify(document)}`,
      async (items) => items.replaceOne({ _id }, document),
    ]),
  ids.map((_id): [string, Write] => [`delete ${_id}`, async (items) => items.deleteOne({ _id })]),
);

/** Applies the description of an update as the manual says, by the disambiguated path where one is given. */
function applyDescription(document: Document, description: Document): void {
  const { updatedFields, removedFields, truncatedArrays, disambiguatedPaths = {} } = description;
  const partsOf = (path: string): (string | number)[] => disambiguatedPaths[path] ?? path.split('.');
  for (const { field, newSize } of truncatedArrays) parentOf(document, [...partsOf(field), 0])['length'] = newSize;
  for (const path of removedFields) delete parentOf(document, partsOf(path))[String(partsOf(path).at(-1))];
  for (const [path, value] of Object.entries(updatedFields as Document)) {
    setWithin(parentOf(document, partsOf(path)), partsOf(path).at(-1), value);
  }
}

/** An index beyond the end of an array fills the room before it with null, as mongod does (document_diff_applier.cpp). */
function setWithin(parent: Document, part: string | number | undefined, value: unknown): void {
  if (Array.isArray(parent)) while (parent.length < Number(part)) parent.push(null);
  parent[String(part)] = value;
}

function parentOf(document: Document, parts: readonly (string | number)[]): Document {
  return parts.slice(0, -1).reduce<Document>((inner, part) => inner[String(part)], document);
}

function replay(model: Map<unknown, Document>, event: Document): void {
  const { _id } = event['documentKey'];
  const kind: unknown = event['operationType'];
  if (kind === 'insert') expect(model.has(_id)).toBe(false);
  if (kind === 'insert' || kind === 'replace') model.set(_id, event['fullDocument']);
  else if (kind === 'delete') expect(model.delete(_id)).toBe(true);
  else if (kind === 'update') {
    const document = model.get(_id);
    if (document === undefined) throw new Error(`an update of ${String(_id)}, which does not exist`);
    expect(event['fullDocumentBeforeChange']).toEqual(document);
    applyDescription(document, event['updateDescription']);
    expect(event['fullDocument']).toEqual(document);
  } else throw new Error(`an event of kind ${String(kind)}`);
}

test('events applied in order to an empty collection give the collection, whatever was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 25 }), async (chosen) => {
      await using scratch = freshDatabase(server().client);
      await scratch.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
      await using stream = await ChangeStreamReader.open({
        database: scratch.db,
        collection: 'items',
        options: { showExpandedEvents: true, fullDocument: 'required', fullDocumentBeforeChange: 'whenAvailable' },
      });
      for (const _id of [0, 1, 2, 3])
        await scratch.items.insertOne({ _id, list: [LARGE, 'two', { k: 1, v: 2 }, 4], a: { p: 1 } });
      for (const [, write] of chosen) await write(scratch.items).catch(ignoreRefusal);
      await scratch.items.insertOne({ _id: 'end' });
      const model = new Map<unknown, Document>();
      for (const event of await stream.takeUntil((each) => each['documentKey']._id === 'end')) replay(model, event);
      const stored = await scratch.items.find({}, { promoteLongs: false }).toArray();
      expect(new Map(stored.map((document) => [document._id, document]))).toEqual(model);
    }),
    { numRuns: 150, verbose: 1 },
  );
}, 120_000);

/** Random updates often conflict with what is stored; such a refusal must change nothing, which the replay shows. */
function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') throw error;
}
