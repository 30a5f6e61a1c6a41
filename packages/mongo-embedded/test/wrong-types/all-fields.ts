/**
 * Every command of the server with every field that it reads. Each succeeds as it stands, unless it says otherwise, so
 * that a refusal is for the value that a case puts into it.
 */
import { Binary, type Document, Long, ObjectId, Timestamp, UUID } from 'bson';

const lsid = { id: new UUID('6b1f6e0e-4a52-4b39-8f3a-0d6a0e1f2a3b') };
const time = new Timestamp({ t: 1, i: 1 });
const cursor = { batchSize: 1 };
const uuid = new UUID('6b1f6e0e-4a52-4b39-8f3a-0d6a0e1f2a3c');
const collation = { locale: 'simple' };
const admin = { $db: 'admin' };
const index = { key: { a: 1, b: -1 }, name: 'by_a' };

const generic = {
  lsid,
  $clusterTime: { clusterTime: time, signature: { hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO } },
  $readPreference: { mode: 'primary' },
  maxTimeMS: 1000,
  comment: 'x',
  apiVersion: '1',
  apiStrict: false,
  apiDeprecationErrors: false,
};

const reading: readonly Document[] = [
  { ping: 1, ...generic },
  {
    find: 'items',
    filter: { a: { $gt: 1 } },
    sort: { a: 1 },
    projection: { a: 1 },
    hint: '_id_',
    skip: 1,
    limit: 1,
    batchSize: 1,
    singleBatch: false,
    collation,
    let: { x: 1 },
    min: { _id: 1 },
    max: { _id: 9 },
    returnKey: false,
    showRecordId: false,
    tailable: false,
    awaitData: false,
    noCursorTimeout: false,
    allowPartialResults: false,
    allowDiskUse: true,
    readConcern: { level: 'local', afterClusterTime: time },
  },
  { find: 'items', readConcern: { level: 'snapshot', atClusterTime: time } },
  { find: 'items', hint: { _id: 1 }, sort: { $natural: 1 } },
  { find: 'items', lsid, txnNumber: Long.fromNumber(2), autocommit: false, startTransaction: true },
  {
    aggregate: 'items',
    pipeline: [{ $match: { a: 1 } }, { $count: 'n' }],
    cursor,
    explain: false,
    allowDiskUse: true,
    bypassDocumentValidation: false,
    hint: '_id_',
    collation,
    let: { x: 1 },
  },
  {
    aggregate: 'items',
    pipeline: [
      { $group: { _id: '$a', n: { $sum: 1 } } },
      { $sort: { n: 1 } },
      { $skip: 1 },
      { $limit: 1 },
      { $project: { n: 1 } },
      { $addFields: { m: { $add: ['$n', 1] } } },
      { $unwind: { path: '$m', includeArrayIndex: 'i', preserveNullAndEmptyArrays: true } },
      { $lookup: { from: 'items', localField: 'a', foreignField: 'b', as: 'c', let: { x: 1 }, pipeline: [] } },
      { $bucket: { groupBy: '$a', boundaries: [0, 5], default: 'x', output: { n: { $sum: 1 } } } },
      { $sample: { size: 1 } },
    ],
    cursor,
  },
  ...['$out', '$merge'].map((stage) => ({
    aggregate: 'items',
    pipeline: [{ [stage]: stage === '$out' ? 'made' : { into: 'made', on: '_id', whenMatched: 'merge' } }],
    cursor,
  })),
  { aggregate: 'items', pipeline: [{ $collStats: { storageStats: { scale: 1 }, count: {} } }], cursor },
  {
    aggregate: 'items',
    pipeline: [
      {
        $changeStream: {
          fullDocument: 'updateLookup',
          fullDocumentBeforeChange: 'off',
          showExpandedEvents: true,
          startAtOperationTime: time,
          allChangesForCluster: false,
        },
      },
    ],
    cursor,
  },
  { aggregate: 'items', pipeline: [{ $changeStream: { resumeAfter: { _data: '8265' } } }], cursor },
  { aggregate: 'items', pipeline: [{ $changeStream: { startAfter: { _data: '8265' } } }], cursor },
  { count: 'items', query: { a: 1 }, limit: 1, skip: 1, hint: '_id_', collation, fields: {} },
  { distinct: 'items', key: 'a', query: { a: 1 }, collation, hint: '_id_' },
  { getMore: Long.fromNumber(5), collection: 'items', batchSize: 1, maxTimeMS: 10, term: 1 },
  { killCursors: 'items', cursors: [Long.fromNumber(5)] },
  { listCollections: 1, filter: { name: 'x' }, nameOnly: true, cursor, authorizedCollections: true },
  { listDatabases: 1, filter: { name: 'x' }, nameOnly: true, authorizedDatabases: true, ...admin },
  { listIndexes: 'items', cursor },
  { collStats: 'items', scale: 1 },
  { dbStats: 1, scale: 1, freeStorage: 0 },
  { validate: 'items', full: false },
  { explain: { find: 'items', filter: {} }, verbosity: 'queryPlanner' },
];

/** No collection has this UUID, so each of these fails, after its fields have been read. */
const byUuid: readonly Document[] = [
  { find: 'items', collectionUUID: uuid },
  { aggregate: 'items', pipeline: [], cursor, collectionUUID: uuid },
  { count: 'items', collectionUUID: uuid },
  { distinct: 'items', key: 'a', collectionUUID: uuid },
  { insert: 'items', documents: [{}], collectionUUID: uuid },
  { update: 'items', updates: [{ q: {}, u: {} }], collectionUUID: uuid },
  { delete: 'items', deletes: [{ q: {}, limit: 1 }], collectionUUID: uuid },
  { createIndexes: 'items', indexes: [index], collectionUUID: uuid },
  { drop: 'made', collectionUUID: uuid },
];

const writing: readonly Document[] = [
  {
    insert: 'items',
    documents: [{ _id: 1, a: 1 }],
    ordered: true,
    bypassDocumentValidation: false,
    stmtIds: [0],
    writeConcern: { w: 1, j: true, wtimeout: 10 },
  },
  { insert: 'items', documents: [{ a: 1 }], lsid, txnNumber: Long.fromNumber(1), stmtId: 0 },
  {
    update: 'items',
    updates: [
      {
        q: { a: 1 },
        u: { $set: { b: 1 }, $inc: { c: 1 } },
        multi: false,
        upsert: true,
        collation,
        arrayFilters: [{ e: 1 }],
        hint: '_id_',
        sort: { a: 1 },
      },
      { q: {}, u: [{ $set: { b: 1 } }], c: { x: 1 } },
    ],
    ordered: false,
    let: { x: 1 },
    bypassDocumentValidation: false,
    stmtIds: [0, 1],
  },
  { delete: 'items', deletes: [{ q: { a: 1 }, limit: 1, hint: '_id_', collation }], ordered: true, let: { x: 1 } },
  {
    findAndModify: 'items',
    query: { a: 1 },
    sort: { a: 1 },
    update: { $set: { a: 2 } },
    new: true,
    fields: { a: 1 },
    upsert: true,
    bypassDocumentValidation: false,
    collation,
    arrayFilters: [{ e: 1 }],
    hint: '_id_',
    let: { x: 1 },
  },
  { findAndModify: 'items', query: { a: 1 }, remove: true },
  {
    bulkWrite: 1,
    ops: [
      { insert: 0, document: { a: 1 } },
      { update: 0, filter: { a: 1 }, updateMods: { $set: { a: 2 } }, multi: false, upsert: true, hint: '_id_' },
      // Removes what the other statements leave, so that the collection stays small for the commands that follow.
      { delete: 0, filter: { a: { $gte: 1 } }, multi: true, collation },
    ],
    nsInfo: [{ ns: 'types.items' }],
    ordered: true,
    errorsOnly: false,
    let: { x: 1 },
    cursor: { batchSize: 10 },
    bypassDocumentValidation: false,
    ...admin,
  },
];

const schema: readonly Document[] = [
  {
    create: 'made',
    changeStreamPreAndPostImages: { enabled: true },
    collation,
    clusteredIndex: { key: { _id: 1 }, unique: true, name: 'x', v: 2 },
    storageEngine: {},
    indexOptionDefaults: {},
    validationLevel: 'off',
    validationAction: 'error',
    capped: false,
    idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
  },
  { create: 'view', viewOn: 'items', pipeline: [{ $match: { a: 1 } }] },
  {
    collMod: 'items',
    changeStreamPreAndPostImages: { enabled: true },
    index: { name: 'by_a', expireAfterSeconds: 5, hidden: true },
  },
  { collMod: 'items', index: { keyPattern: { a: 1, b: -1 }, hidden: false } },
  {
    createIndexes: 'items',
    indexes: [
      {
        ...index,
        v: 2,
        unique: false,
        sparse: false,
        hidden: false,
        expireAfterSeconds: 100,
        partialFilterExpression: { a: { $gt: 1 } },
        collation,
        storageEngine: {},
        background: true,
        wildcardProjection: { a: 1 },
        weights: { a: 1 },
        bits: 5,
      },
    ],
    commitQuorum: 'majority',
    ignoreUnknownIndexOptions: false,
  },
  { createIndexes: 'items', indexes: [{ ...index, unique: true, sparse: true }] },
  { dropIndexes: 'items', index: ['by_a'] },
  { dropIndexes: 'items', index: { a: 1, b: -1 } },
  { renameCollection: 'types.made', to: 'types.moved', dropTarget: true, ...admin },
  { drop: 'made', collectionUUID: uuid },
  { dropDatabase: 1, $db: 'types2' },
];

const saslStart: Document = {
  saslStart: 1,
  mechanism: 'SCRAM-SHA-256',
  payload: new Binary(Buffer.from('n,,n=x,r=y')),
  options: { skipEmptyExchange: true },
};

const rest: readonly Document[] = [
  {
    hello: 1,
    helloOk: true,
    client: { application: { name: 'x' }, driver: { name: 'x', version: '1' } },
    topologyVersion: { processId: new ObjectId(), counter: Long.ONE },
    maxAwaitTimeMS: 1,
    saslSupportedMechs: 'admin.nobody',
    speculativeAuthenticate: { ...saslStart, db: 'admin' },
  },
  saslStart,
  { saslContinue: 1, conversationId: 1, payload: new Binary(Buffer.from('x')) },
  { authenticate: 1, user: 'x', mechanism: 'MONGODB-X509' },
  { commitTransaction: 1, lsid, txnNumber: Long.fromNumber(2), autocommit: false, ...admin },
  { abortTransaction: 1, lsid, txnNumber: Long.fromNumber(2), autocommit: false, ...admin },
  { startSession: 1 },
  { endSessions: [lsid] },
  { killSessions: [lsid] },
  { refreshSessions: [lsid] },
  { killAllSessions: [] },
  { killAllSessionsByPattern: [{ lsid }] },
  { getParameter: 1, logLevel: 1, ...admin },
  { setParameter: 1, cursorTimeoutMillis: 600_000, ttlMonitorEnabled: true, notablescan: false, ...admin },
  {
    configureFailPoint: 'failCommand',
    mode: { times: 1 },
    data: {
      failCommands: ['validate'],
      errorCode: 5,
      errorLabels: ['x'],
      closeConnection: false,
      blockConnection: false,
      blockTimeMS: 1,
      appName: 'nobody',
      namespace: 'x.y',
      writeConcernError: { code: 5, errmsg: 'x' },
      failBeforeCommitExceptionCode: 5,
    },
    ...admin,
  },
  { configureFailPoint: 'failCommand', mode: { skip: 1, activationProbability: 0 }, data: { appName: 'x' }, ...admin },
  { usersInfo: 1 },
  { currentOp: 1, ...admin },
  { killOp: 1, op: 5, ...admin },
  { profile: 0, slowms: 100, sampleRate: 1 },
  { fsync: 1, lock: false, ...admin },
  { setFeatureCompatibilityVersion: '8.0', confirm: true, ...admin },
  { getLog: 'global', ...admin },
  { serverStatus: 1, repl: 1 },
  { hostInfo: 1, ...admin },
  { connectionStatus: 1, showPrivileges: false },
  { buildInfo: 1 },
  { replSetGetStatus: 1, ...admin },
  { replSetGetConfig: 1, ...admin },
  { replSetStepDown: 60, secondaryCatchUpPeriodSecs: 10, force: false, ...admin },
  { getCmdLineOpts: 1, ...admin },
  { whatsmyuri: 1 },
  { listCommands: 1 },
  { logout: 1 },
  { getFreeMonitoringStatus: 1, ...admin },
  { getDefaultRWConcern: 1, ...admin },
];

export const commandsWithAllFields: readonly Document[] = [...reading, ...byUuid, ...writing, ...schema, ...rest];

/** What is sent before each case of a command, so that the case meets what it needs. */
export const preparations: Readonly<Record<string, readonly Document[]>> = {
  create: [{ drop: 'made' }, { drop: 'view' }],
  createIndexes: [{ dropIndexes: 'items', index: '*' }],
  dropIndexes: [{ createIndexes: 'items', indexes: [index] }],
  collMod: [{ createIndexes: 'items', indexes: [index] }],
  renameCollection: [{ create: 'made' }],
};
