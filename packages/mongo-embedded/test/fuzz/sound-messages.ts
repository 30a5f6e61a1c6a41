/** Sound commands that fuzzing starts from: a wrong message is the more dangerous the nearer it is to a right one. */
import { Binary, Code, Decimal128, type Document, Long, ObjectId, serialize, Timestamp, UUID } from 'bson';
import { message } from '../../contract/wire-client.ts';

const DATABASE = 'fuzz';
const lsid = { id: new UUID('6b1f6e0e-4a52-4b39-8f3a-0d6a0e1f2a3b') };

const DOCUMENT = {
  _id: new ObjectId('507f1f77bcf86cd799439011'),
  text: 'some text é😀',
  int: 5,
  long: Long.fromString('9007199254740993'),
  double: 1.5,
  decimal: Decimal128.fromString('1.50'),
  date: new Date(0),
  bool: true,
  nothing: null,
  binary: new Binary(Buffer.from([1, 2, 3]), 0),
  time: new Timestamp({ t: 1, i: 2 }),
  regex: /a.b/i,
  code: new Code('x', { y: 1 }),
  list: [1, 'two', { three: [4] }],
  nested: { a: { b: { c: { d: 1 } } } },
};

const COMMANDS: readonly Document[] = [
  { hello: 1, client: { driver: { name: 'x', version: '1' } } },
  { isMaster: 1, helloOk: true },
  { ping: 1, lsid },
  { buildInfo: 1 },
  { insert: 'items', documents: [DOCUMENT, { ...DOCUMENT, _id: 'x' }], ordered: false, lsid },
  { insert: 'items', documents: [{ a: 1 }], txnNumber: Long.fromNumber(1), lsid },
  {
    update: 'items',
    updates: [
      { q: { _id: 'x' }, u: { $set: { 'nested.a.b': 2 }, $push: { list: { $each: [1], $slice: -3 } } }, upsert: true },
    ],
  },
  {
    update: 'items',
    updates: [{ q: { 'list.three': 4 }, u: [{ $set: { sum: { $add: ['$int', 1] } } }], multi: true }],
  },
  { update: 'items', updates: [{ q: {}, u: { $inc: { 'list.$[e]': 1 } }, arrayFilters: [{ e: { $gt: 0 } }] }] },
  { delete: 'items', deletes: [{ q: { int: { $gte: 5, $lt: 9 } }, limit: 1 }] },
  { findAndModify: 'items', query: { text: /^some/ }, update: { $rename: { int: 'other' } }, new: true },
  {
    find: 'items',
    filter: { $or: [{ int: 5 }, { list: { $elemMatch: { $eq: 1 } } }], $expr: { $gt: ['$_id', { $literal: 'x' }] } },
    sort: { _id: 1 },
    limit: 5,
    projection: { list: { $slice: 2 } },
  },
  { find: 'items', filter: { _id: { $in: [1, 'x', new ObjectId()] } }, batchSize: 1, singleBatch: true },
  {
    aggregate: 'items',
    pipeline: [
      { $match: { int: { $type: 'number' } } },
      { $group: { _id: '$text', n: { $sum: 1 } } },
      { $sort: { n: -1 } },
    ],
    cursor: {},
  },
  {
    aggregate: 'items',
    pipeline: [{ $changeStream: { fullDocument: 'updateLookup' } }, { $match: { operationType: 'insert' } }],
    cursor: { batchSize: 1 },
  },
  {
    aggregate: 1,
    pipeline: [{ $changeStream: { resumeAfter: { _data: '8265000000000000012B042C0100296E5A1004' } } }],
    cursor: {},
  },
  { getMore: Long.fromNumber(12345), collection: 'items', batchSize: 5, maxTimeMS: 10 },
  { killCursors: 'items', cursors: [Long.fromNumber(12345)] },
  { count: 'items', query: { int: { $mod: [2, 1] } } },
  { distinct: 'items', key: 'list', query: {} },
  { create: 'made', changeStreamPreAndPostImages: { enabled: true } },
  { createIndexes: 'items', indexes: [{ key: { int: 1, text: -1 }, name: 'by_int', sparse: true }] },
  { dropIndexes: 'items', index: 'by_int' },
  { listIndexes: 'items' },
  { listCollections: 1, filter: { name: /i/ }, nameOnly: true },
  { collMod: 'items', index: { name: 'by_int', hidden: true } },
  { drop: 'made' },
  { startTransaction: true, find: 'items', autocommit: false, txnNumber: Long.fromNumber(2), lsid },
  { commitTransaction: 1, autocommit: false, txnNumber: Long.fromNumber(2), lsid, $db: 'admin' },
  { abortTransaction: 1, autocommit: false, txnNumber: Long.fromNumber(2), lsid, $db: 'admin' },
  { endSessions: [lsid] },
  {
    bulkWrite: 1,
    ops: [
      { insert: 0, document: { a: 1 } },
      { update: 0, filter: {}, updateMods: { $set: { a: 2 } } },
    ],
    nsInfo: [{ ns: 'fuzz.items' }],
    $db: 'admin',
  },
  { explain: { find: 'items', filter: {} }, verbosity: 'queryPlanner' },
  { serverStatus: 1 },
];

/** The commands as messages. */
export function soundMessages(): Buffer[] {
  return COMMANDS.map((command, index) => message(Buffer.from(serialize({ $db: DATABASE, ...command })), index + 1));
}
