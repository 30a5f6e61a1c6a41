import { Buffer } from 'node:buffer';
import { documentValue, rawValue } from '@emcachers/bson/raw-value';
import { BSON, type ObjectId, Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../clock.ts';
import type { Change } from '../history/history-row.ts';
import { itemsOf } from '../query/raw-document.ts';
import { emptyVariables } from '../query/variables.ts';
import { createCollection, dropCollection, dropDatabase } from '../storage/schema-change.ts';
import { openStore } from '../storage/store.ts';
import { ChangeStream } from './change-stream.ts';
import type { LookUpDocument } from './event-images.ts';
import type { StreamScope } from './scope.ts';

type Event = BSON.Document;

interface Watch {
  readonly scope?: StreamScope;
  readonly options?: BSON.Document;
  readonly stages?: readonly BSON.Document[];
  readonly lookUp?: LookUpDocument;
}

const items: StreamScope = { kind: 'collection', database: 'shop', collection: 'items' };
const everything = { batchSize: 1000, bytesMax: 64 * 1024 * 1024 };

/** A real store in memory, its history written to by hand. */
class Shop implements Disposable {
  readonly store = openStore({ path: null, historyBytesMax: 64 * 1024 * 1024, clock: createSystemClock() });

  /** Writes changes that share one time, and commits. */
  write(collection: string, ...changes: Change[]): void {
    const found =
      this.store.catalog.find('shop', collection) ??
      createCollection(this.store, { database: 'shop', name: collection });
    this.store.group.enter();
    const stamp = this.store.history.stamp();
    for (const change of changes) this.store.history.append(found.namespace, change, stamp);
    this.store.group.commit();
  }

  insert(collection: string, ...documents: BSON.Document[]): void {
    this.write(
      collection,
      ...documents.map((document): Change => ({ kind: 'insert', document: BSON.serialize(document) })),
    );
  }

  watch({ scope = items, options = {}, stages = [], lookUp = () => null }: Watch = {}): ChangeStream {
    return new ChangeStream({
      history: this.store.history,
      scope,
      operand: documentValue(BSON.serialize(options)),
      stages: itemsOf(rawValue(4, BSON.serialize({ ...stages }))),
      variables: emptyVariables,
      lookUp,
    });
  }

  [Symbol.dispose](): void {
    this.store.close();
  }
}

function drain(stream: ChangeStream): Event[] {
  return stream.next(everything).events.map((event) => BSON.deserialize(event));
}

function ids(events: readonly Event[]): unknown[] {
  return events.map((event) => (event['documentKey'] as { _id?: ObjectId } | undefined)?._id ?? event['operationType']);
}

function codeOf(run: () => unknown): number | undefined {
  try {
    run();
  } catch (error) {
    return (error as { code: number }).code;
  }
  return undefined;
}

function description(updatedFields: BSON.Document): Uint8Array {
  return BSON.serialize({ updatedFields, removedFields: [], truncatedArrays: [], disambiguatedPaths: {} });
}

function update(id: unknown, images: Partial<Change> = {}): Change {
  return {
    kind: 'update',
    documentKey: BSON.serialize({ _id: id }),
    updateDescription: description({ a: 1 }),
    ...images,
  };
}

describe('a change stream', () => {
  test('shows what comes after it was opened, with the fields and their order of mongod', () => {
    using shop = new Shop();
    shop.insert('items', { _id: 1 });
    const stream = shop.watch();
    shop.insert('items', { _id: 2, a: 'x' });
    const [event = {}, ...more] = drain(stream);
    expect(more).toEqual([]);
    expect(Object.keys(event)).toEqual([
      '_id',
      'operationType',
      'clusterTime',
      'wallTime',
      'fullDocument',
      'ns',
      'documentKey',
    ]);
    expect(event).toMatchObject({
      operationType: 'insert',
      fullDocument: { _id: 2, a: 'x' },
      ns: { db: 'shop', coll: 'items' },
      documentKey: { _id: 2 },
    });
  });

  test('resumes after any event, also between events that share their time', () => {
    using shop = new Shop();
    const start = shop.watch();
    shop.insert('items', { _id: 1 }, { _id: 2 }, { _id: 3 });
    shop.insert('items', { _id: 4 });
    const events = drain(start);
    expect(ids(events)).toEqual([1, 2, 3, 4]);
    for (const [index, event] of events.entries()) {
      for (const name of ['resumeAfter', 'startAfter']) {
        expect(ids(drain(shop.watch({ options: { [name]: event['_id'] } })))).toEqual([1, 2, 3, 4].slice(index + 1));
      }
    }
  });

  test('one batch holds what its limits allow, and its token is never ahead of it', () => {
    using shop = new Shop();
    const stream = shop.watch();
    shop.insert('items', ...Array.from({ length: 50 }, (_, index) => ({ _id: index, pad: 'x'.repeat(100) })));
    const seen: unknown[] = [];
    for (const limit of [
      { batchSize: 7, bytesMax: 1e9 },
      { batchSize: 1000, bytesMax: 1000 },
      { batchSize: 0, bytesMax: 1e9 },
      everything,
    ]) {
      const batch = stream.next(limit);
      seen.push(...ids(batch.events.map((event) => BSON.deserialize(event))));
      const rest = drain(shop.watch({ options: { startAfter: BSON.deserialize(batch.postBatchResumeToken) } }));
      expect([...seen, ...ids(rest)]).toEqual(Array.from({ length: 50 }, (_, index) => index));
    }
    expect(seen.length).toBe(50);
  });

  test('reports progress over changes that it does not show, and can resume from it', () => {
    using shop = new Shop();
    const stream = shop.watch();
    const first = stream.next(everything).postBatchResumeToken;
    shop.insert('others', { _id: 1 });
    const later = stream.next(everything);
    expect(later.events).toEqual([]);
    expect(
      String(BSON.deserialize(later.postBatchResumeToken)['_data']) > String(BSON.deserialize(first)['_data']),
    ).toBe(true);
    shop.insert('items', { _id: 2 });
    expect(ids(drain(shop.watch({ options: { resumeAfter: BSON.deserialize(later.postBatchResumeToken) } })))).toEqual([
      2,
    ]);
  });

  test('an event that the pipeline hides is no place to resume from: 280 as soon as a later one comes', () => {
    // Source: jstests/change_streams/filter_excludes_resume_point.js of mongodb/mongo.
    using shop = new Shop();
    const start = shop.watch();
    shop.insert('items', { _id: 1 });
    const [event = {}] = drain(start);
    const stages = [{ $match: { 'fullDocument._id': { $gt: 1 } } }];
    for (const name of ['resumeAfter', 'startAfter']) {
      const stream = shop.watch({ options: { [name]: event['_id'] }, stages });
      expect(drain(stream)).toEqual([]);
    }
    shop.insert('items', { _id: 2 });
    for (const name of ['resumeAfter', 'startAfter']) {
      expect(codeOf(() => drain(shop.watch({ options: { [name]: event['_id'] }, stages })))).toBe(280);
    }
  });

  test('history that was cut is 286, on opening and in the middle of a stream', () => {
    using shop = new Shop();
    const start = shop.watch();
    const behind = shop.watch();
    shop.insert('items', { _id: 1 });
    const [event = {}] = drain(start);
    shop.insert('items', { _id: 2 });
    shop.insert('items', { _id: 3 });
    shop.store.history.cut(shop.store.history.head().sequence - 1);
    expect(codeOf(() => shop.watch({ options: { resumeAfter: event['_id'] } }))).toBe(286);
    expect(codeOf(() => shop.watch({ options: { startAtOperationTime: event['clusterTime'] as Timestamp } }))).toBe(
      286,
    );
    expect(codeOf(() => drain(behind))).toBe(286);
  });

  test('a drop ends a stream on the collection; startAfter goes on behind it, resumeAfter may not', () => {
    using shop = new Shop();
    shop.insert('items', { _id: 1 });
    const stream = shop.watch();
    const collection = shop.store.catalog.find('shop', 'items');
    if (collection !== undefined) dropCollection(shop.store, collection);
    shop.store.group.commit();
    const batch = stream.next(everything);
    const [drop = {}, invalidate = {}] = batch.events.map((event) => BSON.deserialize(event));
    expect([drop['operationType'], invalidate['operationType'], batch.isInvalidated]).toEqual([
      'drop',
      'invalidate',
      true,
    ]);
    shop.insert('items', { _id: 2 });
    expect(codeOf(() => shop.watch({ options: { resumeAfter: invalidate['_id'] } }))).toBe(260);
    expect(ids(drain(shop.watch({ options: { startAfter: invalidate['_id'] } })))).toEqual([2]);
  });

  test('a stream on a database outlives its collections and ends with the database; one on the cluster ends never', () => {
    using shop = new Shop();
    shop.insert('items', { _id: 1 });
    const ofDatabase = shop.watch({ scope: { kind: 'database', database: 'shop' } });
    const ofCluster = shop.watch({ scope: { kind: 'cluster' }, options: { allChangesForCluster: true } });
    dropDatabase(shop.store, 'shop');
    shop.store.group.commit();
    expect(ids(drain(ofDatabase))).toEqual(['drop', 'dropDatabase', 'invalidate']);
    expect(ids(drain(ofCluster))).toEqual(['drop', 'dropDatabase']);
    expect(ofCluster.next(everything).isInvalidated).toBe(false);
  });

  test('images come as asked for, and a required one that is missing is 47', () => {
    using shop = new Shop();
    const [before, after] = [BSON.serialize({ _id: 1, a: 0 }), BSON.serialize({ _id: 1, a: 1 })];
    const stream = (options: BSON.Document): ChangeStream =>
      shop.watch({ options, lookUp: (entry) => (entry.documentKey === null ? null : after) });
    const both = stream({ fullDocument: 'required', fullDocumentBeforeChange: 'required' });
    const available = stream({ fullDocument: 'whenAvailable', fullDocumentBeforeChange: 'whenAvailable' });
    const lookedUp = stream({ fullDocument: 'updateLookup' });
    shop.write('items', update(1, { preImage: before, postImage: after }));
    shop.write('items', update(1));
    expect(drain(both)[0]).toMatchObject({ fullDocument: { a: 1 }, fullDocumentBeforeChange: { a: 0 } });
    expect(codeOf(() => drain(both))).toBe(47);
    expect(drain(available)[1]).toMatchObject({ fullDocument: null, fullDocumentBeforeChange: null });
    expect(drain(lookedUp).map((event) => event['fullDocument'] as unknown)).toEqual([
      { _id: 1, a: 1 },
      { _id: 1, a: 1 },
    ]);
  });

  test('expanded events and fields show only when asked for', () => {
    using shop = new Shop();
    const [classic, expanded] = [shop.watch(), shop.watch({ options: { showExpandedEvents: true } })];
    shop.write('items', update(1));
    expect(
      drain(classic).map((event) => [event['operationType'], Object.keys(event['updateDescription'] as object)]),
    ).toEqual([['update', ['updatedFields', 'removedFields', 'truncatedArrays']]]);
    const [create = {}, change = {}] = drain(expanded);
    expect(create).toMatchObject({
      operationType: 'create',
      nsType: 'collection',
      operationDescription: { idIndex: {} },
    });
    expect(change).toMatchObject({ updateDescription: { disambiguatedPaths: {} } });
    expect(change['collectionUUID']).toBeDefined();
  });

  test('the pipeline filters, shapes and may not touch the token', () => {
    using shop = new Shop();
    const shaped = shop.watch({
      stages: [
        { $match: { 'ns.coll': { $in: ['items'] }, operationType: 'insert' } },
        { $project: { fullDocument: 1 } },
      ],
    });
    const short = shop.watch({ stages: [{ $project: { wallTime: 0, documentKey: 0 } }] });
    const fatal = shop.watch({ stages: [{ $project: { _id: 0 } }] });
    shop.insert('items', { _id: 1 });
    expect(drain(shaped).map((event) => Object.keys(event))).toEqual([['_id', 'fullDocument']]);
    expect(drain(short).map((event) => Object.keys(event))).toEqual([
      ['_id', 'operationType', 'clusterTime', 'fullDocument', 'ns'],
    ]);
    expect(codeOf(() => drain(fatal))).toBe(280);
    expect(codeOf(() => shop.watch({ stages: [{ $group: { _id: 1 } }] }))).toBe(20);
    expect(codeOf(() => shop.watch({ stages: [{ $nonsense: {} }] }))).toBe(40324);
    expect(codeOf(() => shop.watch({ stages: [{ $changeStreamSplitLargeEvent: {} }, { $match: {} }] }))).toBe(7182802);
  });

  test('a field that is dropped in the end can still be filtered by, and is dropped from every event', () => {
    using shop = new Shop();
    shop.insert('items', { _id: 0 });
    const dropped = { $project: { updateDescription: 0, fullDocument: 0, fullDocumentBeforeChange: 0, wallTime: 0 } };
    const stream = shop.watch({
      stages: [
        { $match: { $or: [{ 'updateDescription.updatedFields.a': 1 }, { operationType: 'invalidate' }] } },
        dropped,
      ],
    });
    const plain = shop.watch({
      stages: [dropped],
      options: { fullDocument: 'updateLookup', fullDocumentBeforeChange: 'whenAvailable' },
    });
    shop.write('items', update(1));
    shop.write('items', update(2, { updateDescription: description({ b: 1 }) }));
    const collection = shop.store.catalog.find('shop', 'items');
    if (collection !== undefined) dropCollection(shop.store, collection);
    shop.store.group.commit();
    const seen = drain(stream);
    expect(ids(seen)).toEqual([1, 'invalidate']);
    for (const event of [...seen, ...drain(plain)]) {
      for (const name of Object.keys(dropped.$project)) expect(Object.keys(event)).not.toContain(name);
    }
  });

  test('a large event is split on request, every fragment is a place to resume from, and without the request it is 10334', () => {
    using shop = new Shop();
    const large = Buffer.alloc(9 * 1024 * 1024, 'a').toString();
    const image = BSON.serialize({ _id: 1, large });
    const options = { fullDocument: 'required', fullDocumentBeforeChange: 'required' };
    const stages = [{ $changeStreamSplitLargeEvent: {} }];
    const [split, plain] = [shop.watch({ options, stages }), shop.watch({ options })];
    shop.write('items', update(1, { preImage: image, postImage: image }));
    shop.insert('items', { _id: 2 });
    const fragments = drain(split).filter((event) => event['splitEvent'] !== undefined);
    expect(fragments.map((event) => event['splitEvent'] as unknown)).toEqual([
      { fragment: 1, of: 2 },
      { fragment: 2, of: 2 },
    ]);
    expect(
      fragments.map((event) => Object.keys(event).filter((name) => name.startsWith('fullDocument')).length),
    ).toEqual([1, 1]);
    const resumed = drain(
      shop.watch({ options: { ...options, resumeAfter: fragments[0]?.['_id'] as unknown }, stages }),
    );
    expect(resumed.map((event) => (event['splitEvent'] ?? event['documentKey']) as unknown)).toEqual([
      { fragment: 2, of: 2 },
      { _id: 2 },
    ]);
    const behind = drain(
      shop.watch({ options: { ...options, resumeAfter: fragments[1]?.['_id'] as unknown }, stages }),
    );
    expect(codeOf(() => drain(plain))).toBe(10334);
    expect(behind.length).toBe(1);
  });

  test('a wrong request is refused with the code of mongod', () => {
    using shop = new Shop();
    const token = BSON.deserialize(shop.watch().postBatchResumeToken);
    const time = new Timestamp({ t: 1, i: 1 });
    expect(codeOf(() => shop.watch({ options: { resumeAfter: token, startAfter: token } }))).toBe(50865);
    expect(codeOf(() => shop.watch({ options: { resumeAfter: token, startAtOperationTime: time } }))).toBe(40674);
    expect(codeOf(() => shop.watch({ options: { fullDocument: 'some' } }))).toBe(2);
    expect(codeOf(() => shop.watch({ options: { nonsense: 1 } }))).toBe(40415);
    expect(codeOf(() => shop.watch({ options: { allChangesForCluster: true } }))).toBe(72);
    expect(codeOf(() => shop.watch({ scope: { kind: 'database', database: 'local' } }))).toBe(73);
    expect(codeOf(() => shop.watch({ scope: { kind: 'cluster' } }))).toBe(73);
  });
});
