import { type Document, Long, serialize, Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { mergeFragments, parseRawEvent, type RawEvent, toChangeEvent } from './change-event.ts';
import type { ChangeEvent } from './change-source-types.ts';
import { MalformedFrameError } from './malformed-frame-error.ts';

const ns = { db: 'shop', coll: 'orders.eu' };
const namespace = { database: 'shop', collection: 'orders.eu' };

function parse(event: Document): RawEvent {
  return parseRawEvent(serialize({ _id: { _data: '82' }, ...event }));
}
function meaning(event: Document): ChangeEvent {
  return toChangeEvent(parse(event));
}

describe('a change event', () => {
  test.each(['insert', 'update', 'replace'])('%s has its document as raw BSON', (operationType) => {
    const event = meaning({ operationType, ns, documentKey: { _id: 1 }, fullDocument: { _id: 1, a: 'b' } });
    expect(event).toMatchObject({ kind: 'document', namespace });
    if (event.kind !== 'document') return;
    expect(event.document === null ? null : Buffer.from(event.document)).toEqual(
      Buffer.from(serialize({ _id: 1, a: 'b' })),
    );
    expect(Buffer.from(event.documentKey)).toEqual(Buffer.from(serialize({ _id: 1 })));
  });

  test('a delete, and an update whose lookup found nothing, mean that the document no longer exists', () => {
    const update = { operationType: 'update', ns, documentKey: { _id: 1 }, fullDocument: null };
    expect(meaning(update)).toMatchObject({ kind: 'document', document: null });
    expect(meaning({ operationType: 'delete', ns, documentKey: { _id: 1 } })).toMatchObject({ document: null });
  });

  test('the source time is the wall time, or the cluster time of servers before 6.0', () => {
    const common = {
      operationType: 'delete',
      ns,
      documentKey: { _id: 1 },
      clusterTime: new Timestamp({ t: 100, i: 3 }),
    };
    expect(meaning(common)).toMatchObject({ sourceTimeMs: 100_000 });
    expect(meaning({ ...common, wallTime: new Date(123_456) })).toMatchObject({ sourceTimeMs: 123_456 });
  });

  test('drop, rename, dropDatabase and invalidate are recognized', () => {
    expect(meaning({ operationType: 'drop', ns })).toEqual({ kind: 'collection-gone', namespace });
    expect(meaning({ operationType: 'rename', ns, to: { db: 'shop', coll: 'b' } })).toEqual({
      kind: 'collection-renamed',
      namespace,
      to: { database: 'shop', collection: 'b' },
    });
    expect(meaning({ operationType: 'dropDatabase', ns: { db: 'shop' } })).toEqual({
      kind: 'database-gone',
      database: 'shop',
    });
    expect(meaning({ operationType: 'invalidate' })).toEqual({ kind: 'invalidated' });
  });

  test('an event of an unknown kind throws instead of being skipped', () => {
    expect(() => meaning({ operationType: 'reshardCollection', ns })).toThrow('EMC-2008');
    expect(() => meaning({ ns })).toThrow('EMC-2008');
  });

  test('an event without a token or a document key is malformed', () => {
    expect(() => parseRawEvent(serialize({ operationType: 'insert' }))).toThrow(MalformedFrameError);
    expect(() => meaning({ operationType: 'insert', ns, fullDocument: {} })).toThrow(MalformedFrameError);
  });
});

describe('a split event', () => {
  const fragment = (number: number, of: number, fields: Document): RawEvent =>
    parseRawEvent(serialize({ _id: { _data: `82${number}` }, splitEvent: { fragment: number, of }, ...fields }));

  test('has the fields of all fragments and the token of the last', () => {
    const whole = mergeFragments([
      fragment(1, 3, { operationType: 'update', ns }),
      fragment(2, 3, { documentKey: { _id: Long.fromNumber(1) } }),
      fragment(3, 3, { fullDocument: { _id: 1 } }),
    ]);
    expect(Buffer.from(whole.token)).toEqual(Buffer.from(serialize({ _data: '823' })));
    expect(toChangeEvent(whole)).toMatchObject({ kind: 'document', namespace, document: expect.anything() });
  });

  test('keeps a null document from one fragment instead of treating it as missing', () => {
    const whole = mergeFragments([
      fragment(1, 2, { operationType: 'update', ns, documentKey: { _id: 1 } }),
      fragment(2, 2, { fullDocument: null }),
    ]);
    expect(toChangeEvent(whole)).toMatchObject({ document: null });
  });

  test('is rejected if fragments are missing, duplicated or from another event', () => {
    expect(() => mergeFragments([fragment(1, 2, {}), fragment(1, 2, {})])).toThrow(MalformedFrameError);
    expect(() => mergeFragments([fragment(2, 2, {})])).toThrow(MalformedFrameError);
    expect(() => mergeFragments([fragment(1, 2, {}), parse({ operationType: 'drop', ns })])).toThrow(
      MalformedFrameError,
    );
  });
});
