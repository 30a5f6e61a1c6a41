import type { FieldType } from '../bson/field-type.ts';

/** What the server does with a field of a command. */
export type FieldRule =
  /** The command reads it. */
  | { readonly kind: 'read'; readonly type: FieldType }
  /** Its type is checked and its value has no effect here, for the reason given. */
  | { readonly kind: 'noEffect'; readonly type: FieldType; readonly reason: string }
  /** Refused with CommandNotSupported 115 unless it is absent or false. */
  | { readonly kind: 'refused'; readonly type: FieldType };

export type FieldTable = Readonly<Record<string, FieldRule>>;

function read(type: FieldType): FieldRule {
  return { kind: 'read', type };
}

function noEffect(type: FieldType, reason: string): FieldRule {
  return { kind: 'noEffect', type, reason };
}

function refused(type: FieldType): FieldRule {
  return { kind: 'refused', type };
}

const noPlanner = 'the planner has no settings';
const noShards = 'there are no shards';
const noValidators = 'there are no validators to bypass';
const noSpill = 'sorts and groups stay in memory';
const noUsers = 'every user may read every collection';
const oneNode = 'the primary builds alone';
const timeSeries = 'there are no time-series collections';
const noStatistics = 'statistics are always exact';

/** Fields that every command may have. Source: `src/mongo/idl/generic_argument.idl` of mongodb/mongo. */
export const genericFieldRules: FieldTable = {
  $db: read('string'),
  lsid: read('object'),
  txnNumber: read('long'),
  autocommit: read('bool'),
  startTransaction: read('bool'),
  $clusterTime: read('object'),
  $readPreference: read('object'),
  readConcern: read('object'),
  writeConcern: read('object'),
  maxTimeMS: read('number'),
  comment: noEffect('any', 'currentOp shows it with the command'),
  apiVersion: read('string'),
  apiStrict: read('bool'),
  apiDeprecationErrors: read('bool'),
  $audit: noEffect('any', 'there is no audit log'),
  $client: noEffect('any', 'it describes the client of a mongos'),
  $replData: read('any'),
  clientOperationKey: noEffect('uuid', 'operations are killed by their opid, their session or their connection'),
  maxTimeMSOpOnly: noEffect('number', noShards),
  mayBypassWriteBlocking: noEffect('bool', 'writes cannot be blocked'),
  rawData: noEffect('bool', timeSeries),
};

const cursor = read('object');
const hint = read('hint');
const collectionUUID = read('uuid');
const letVariables = read('object');
const statementIds = { stmtId: read('int'), stmtIds: read('array') };
const writing: FieldTable = {
  ordered: read('flag'),
  bypassDocumentValidation: noEffect('flag', noValidators),
  collectionUUID,
  ...statementIds,
  isTimeseriesNamespace: refused('flag'),
  encryptionInformation: refused('object'),
  bypassEmptyTsReplacement: refused('strictFlag'),
};

/**
 * The fields of each command, by its first name, in addition to the generic ones. Any other field is refused with
 * 40415. A command that is not listed takes any field, as mongod's commands without a strict parser do. Sources: the
 * manual's pages "Database Commands"; the `.idl` files of mongodb/mongo 8.
 */
export const commandFieldRules: Readonly<Record<string, FieldTable>> = {
  find: {
    filter: read('object'),
    sort: read('object'),
    projection: read('object'),
    hint,
    skip: read('number'),
    limit: read('number'),
    batchSize: read('number'),
    singleBatch: read('strictFlag'),
    max: read('object'),
    min: read('object'),
    returnKey: refused('strictFlag'),
    showRecordId: refused('strictFlag'),
    tailable: read('strictFlag'),
    awaitData: read('strictFlag'),
    oplogReplay: noEffect('strictFlag', 'mongod ignores it since 4.4'),
    noCursorTimeout: read('strictFlag'),
    allowPartialResults: noEffect('strictFlag', noShards),
    collation: read('object'),
    allowDiskUse: noEffect('strictFlag', noSpill),
    let: letVariables,
    collectionUUID,
    readOnce: noEffect('strictFlag', 'it advises the cache of WiredTiger'),
    term: noEffect('number', 'members of a replica set copy without commands'),
    querySettings: noEffect('object', noPlanner),
    $_requestResumeToken: refused('strictFlag'),
  },
  aggregate: {
    pipeline: read('array'),
    cursor,
    explain: read('flag'),
    allowDiskUse: noEffect('strictFlag', noSpill),
    bypassDocumentValidation: noEffect('flag', noValidators),
    hint,
    collation: read('object'),
    let: letVariables,
    collectionUUID,
    fromMongos: noEffect('bool', noShards),
    fromRouter: noEffect('bool', noShards),
    needsMerge: noEffect('bool', noShards),
    isMapReduceCommand: noEffect('bool', 'there is no mapReduce'),
    isHybridSearch: noEffect('bool', 'there is no search'),
    querySettings: noEffect('object', noPlanner),
  },
  count: {
    query: read('object'),
    limit: read('number'),
    skip: read('number'),
    hint,
    collation: read('object'),
    fields: noEffect('object', 'mongod ignores it too'),
    queryOptions: noEffect('object', noShards),
    collectionUUID,
  },
  distinct: {
    key: read('string'),
    query: read('object'),
    collation: read('object'),
    hint,
    collectionUUID,
    querySettings: noEffect('object', noPlanner),
  },
  getMore: {
    collection: read('string'),
    batchSize: read('number'),
    term: noEffect('number', 'members of a replica set copy without commands'),
    lastKnownCommittedOpTime: noEffect('object', 'members of a replica set copy without commands'),
  },
  killCursors: { cursors: read('array') },
  explain: { verbosity: read('string') },
  insert: { documents: read('array'), ...writing },
  update: { updates: read('array'), let: letVariables, ...writing },
  delete: { deletes: read('array'), let: letVariables, ...writing },
  findAndModify: {
    query: read('object'),
    sort: read('object'),
    remove: read('flag'),
    update: read('update'),
    new: read('flag'),
    fields: read('object'),
    upsert: read('flag'),
    bypassDocumentValidation: noEffect('flag', noValidators),
    collation: read('object'),
    arrayFilters: read('array'),
    hint,
    let: letVariables,
    ...statementIds,
    encryptionInformation: refused('object'),
    bypassEmptyTsReplacement: refused('strictFlag'),
  },
  bulkWrite: {
    ops: read('array'),
    nsInfo: read('array'),
    ordered: read('strictFlag'),
    errorsOnly: read('strictFlag'),
    let: letVariables,
    cursor,
    bypassDocumentValidation: noEffect('flag', noValidators),
    bypassEmptyTsReplacement: refused('strictFlag'),
    ...statementIds,
  },
  create: {
    capped: refused('flag'),
    autoIndexId: refused('flag'),
    idIndex: noEffect('object', 'the _id index has one form'),
    size: read('number'),
    max: read('number'),
    storageEngine: noEffect('object', 'it configures WiredTiger; listCollections shows it'),
    validator: refused('object'),
    validationLevel: noEffect('string', noValidators),
    validationAction: noEffect('string', noValidators),
    indexOptionDefaults: noEffect('object', 'it configures WiredTiger; listCollections shows it'),
    viewOn: read('string'),
    pipeline: read('array'),
    collation: read('object'),
    changeStreamPreAndPostImages: read('object'),
    timeseries: refused('object'),
    clusteredIndex: read('object'),
    expireAfterSeconds: refused('number'),
    encryptedFields: refused('object'),
    temp: noEffect('flag', 'no collection is dropped at a restart'),
    flags: noEffect('number', 'mongod ignores it too'),
  },
  collMod: {
    changeStreamPreAndPostImages: read('object'),
    index: read('object'),
    validator: refused('object'),
    validationLevel: noEffect('string', noValidators),
    validationAction: noEffect('string', noValidators),
    viewOn: refused('string'),
    pipeline: refused('array'),
    timeseries: refused('object'),
    expireAfterSeconds: refused('any'),
    cappedSize: refused('number'),
    cappedMax: refused('number'),
    dryRun: refused('flag'),
  },
  createIndexes: {
    indexes: read('array'),
    ignoreUnknownIndexOptions: read('flag'),
    commitQuorum: noEffect('quorum', oneNode),
    collectionUUID,
  },
  dropIndexes: { index: read('dropped'), collectionUUID },
  drop: { collectionUUID },
  dropDatabase: {},
  renameCollection: {
    to: read('string'),
    dropTarget: read('dropTarget'),
    stayTemp: noEffect('flag', 'no collection is dropped at a restart'),
  },
  listCollections: {
    filter: read('object'),
    cursor,
    nameOnly: read('flag'),
    authorizedCollections: noEffect('flag', noUsers),
  },
  listDatabases: {
    filter: read('object'),
    nameOnly: read('flag'),
    authorizedDatabases: noEffect('flag', noUsers),
  },
  listIndexes: {
    cursor,
    includeBuildUUIDs: noEffect('flag', 'an index is built within its command'),
    includeIndexBuildInfo: refused('flag'),
  },
  collStats: { scale: read('number'), waitForLock: noEffect('flag', noStatistics) },
  dbStats: { scale: read('number'), freeStorage: noEffect('number', 'free space is not attributed to databases') },
  commitTransaction: { recoveryToken: noEffect('object', noShards), coordinator: noEffect('bool', noShards) },
  abortTransaction: { recoveryToken: noEffect('object', noShards), coordinator: noEffect('bool', noShards) },
  replSetStepDown: {
    secondaryCatchUpPeriodSecs: noEffect('number', 'a step-down does not wait'),
    force: read('flag'),
  },
  startSession: {},
  endSessions: {},
  refreshSessions: {},
  profile: { slowms: read('number'), sampleRate: read('number'), filter: refused('any') },
  usersInfo: {
    showAuthenticationRestrictions: noEffect('flag', 'there are no restrictions'),
    showCredentials: noEffect('flag', 'credentials are never shown'),
    showCustomData: noEffect('flag', 'users have no custom data'),
    showPrivileges: noEffect('flag', 'users have no roles'),
    filter: noEffect('object', 'no users are listed'),
  },
  setFeatureCompatibilityVersion: {
    confirm: noEffect('flag', 'the version does not change'),
    fromConfigServer: noEffect('flag', noShards),
  },
  killOp: { op: read('number') },
  getDefaultRWConcern: { inMemory: noEffect('flag', 'both are the same here') },
};

/** Commands whose own field names a collection, which is checked before anything else. */
export const collectionCommands: ReadonlySet<string> = new Set([
  'find',
  'count',
  'distinct',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'create',
  'collMod',
  'createIndexes',
  'dropIndexes',
  'drop',
  'listIndexes',
  'collStats',
  'killCursors',
  'validate',
]);
