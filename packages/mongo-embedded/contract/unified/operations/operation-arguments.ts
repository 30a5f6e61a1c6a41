/**
 * The arguments that each operation takes, so that one that the runner would drop fails the test instead. `!` marks a
 * required one. Source: the driver specifications that define the operations (CRUD, GridFS, sessions, change streams,
 * transactions, index management, enumeration, operations time-outs).
 */
import type { Document } from 'mongodb';
import { MalformedTest } from '../malformed-test.ts';

type ArgumentLists = Readonly<Record<string, string>>;

/** What every operation that sends a command may be given. */
const COMMON = 'session timeoutMS comment rawData';
const READ = `${COMMON} readConcern readPreference maxTimeMS collation`;
const WRITE = `${COMMON} writeConcern`;
const WATCH = `${READ} pipeline batchSize fullDocument fullDocumentBeforeChange maxAwaitTimeMS resumeAfter startAfter startAtOperationTime showExpandedEvents timeoutMode`;
const CURSOR = `${READ} batchSize allowDiskUse let hint cursorType maxAwaitTimeMS timeoutMode`;
const AGGREGATE = `${CURSOR} ${WRITE} pipeline! bypassDocumentValidation`;
const FIND = `${CURSOR} filter! sort limit skip projection allowPartialResults max min noCursorTimeout oplogReplay returnKey showRecordId snapshot`;
const UPDATE = `${WRITE} filter! arrayFilters bypassDocumentValidation collation hint let sort upsert`;
const FIND_AND = `${WRITE} filter! collation hint let maxTimeMS projection sort`;
const RUN_CURSOR = `${COMMON} command! commandName! readPreference batchSize maxTimeMS cursorType timeoutMode`;
const ENUMERATE = `${COMMON} filter nameOnly authorizedCollections authorizedDatabases batchSize maxTimeMS timeoutMode`;
const TRANSACTION = 'readConcern readPreference writeConcern maxCommitTimeMS timeoutMS';

const CLIENT: ArgumentLists = {
  createChangeStream: WATCH,
  clientBulkWrite: `${WRITE} models! ordered bypassDocumentValidation let verboseResults`,
  listDatabases: ENUMERATE,
  listDatabaseObjects: ENUMERATE,
  listDatabaseNames: ENUMERATE,
  appendMetadata: 'driverInfoOptions!',
  close: '',
};

const DATABASE: ArgumentLists = {
  aggregate: AGGREGATE,
  createChangeStream: WATCH,
  createCollection: `${WRITE} collection! viewOn pipeline capped size max validator validationLevel validationAction storageEngine indexOptionDefaults collation timeseries expireAfterSeconds clusteredIndex changeStreamPreAndPostImages encryptedFields maxTimeMS`,
  dropCollection: `${WRITE} collection! encryptedFields`,
  dropDatabase: WRITE,
  listCollections: ENUMERATE,
  listCollectionObjects: ENUMERATE,
  listCollectionNames: ENUMERATE,
  modifyCollection: `${WRITE} collection! changeStreamPreAndPostImages index validator validationLevel validationAction expireAfterSeconds hidden`,
  runCommand: 'command! commandName! readPreference readConcern writeConcern session timeoutMS',
  runCursorCommand: RUN_CURSOR,
  createCommandCursor: RUN_CURSOR,
};

const COLLECTION: ArgumentLists = {
  aggregate: AGGREGATE,
  mapReduce: `${READ} map! reduce! out!`,
  countDocuments: `${READ} filter! limit skip hint`,
  count: `${READ} filter! limit skip hint`,
  estimatedDocumentCount: READ,
  distinct: `${READ} fieldName! filter! hint`,
  find: FIND,
  findOne: FIND,
  createFindCursor: FIND,
  createChangeStream: WATCH,
  bulkWrite: `${WRITE} requests! ordered bypassDocumentValidation let`,
  insertOne: `${WRITE} document! bypassDocumentValidation`,
  insertMany: `${WRITE} documents! ordered bypassDocumentValidation`,
  updateOne: `${UPDATE} update!`,
  updateMany: `${UPDATE} update!`,
  replaceOne: `${UPDATE} replacement!`,
  deleteOne: `${WRITE} filter! collation hint let`,
  deleteMany: `${WRITE} filter! collation hint let`,
  findOneAndDelete: FIND_AND,
  findOneAndReplace: `${FIND_AND} replacement! returnDocument upsert bypassDocumentValidation`,
  findOneAndUpdate: `${FIND_AND} update! returnDocument upsert bypassDocumentValidation arrayFilters`,
  createIndex: `${WRITE} keys! name unique sparse expireAfterSeconds partialFilterExpression collation hidden background commitQuorum maxTimeMS`,
  dropIndex: `${WRITE} name! maxTimeMS`,
  dropIndexes: `${WRITE} maxTimeMS`,
  listIndexes: `${COMMON} batchSize maxTimeMS timeoutMode`,
  listIndexNames: `${COMMON} batchSize maxTimeMS timeoutMode`,
  drop: `${WRITE} encryptedFields`,
  rename: `${WRITE} to! dropTarget`,
  createSearchIndex: 'model! timeoutMS',
  createSearchIndexes: 'models! timeoutMS',
  dropSearchIndex: 'name! timeoutMS',
  updateSearchIndex: 'name! definition! timeoutMS',
  listSearchIndexes: 'name aggregationOptions timeoutMS',
};

const SESSION: ArgumentLists = {
  startTransaction: TRANSACTION,
  commitTransaction: 'timeoutMS',
  abortTransaction: 'timeoutMS',
  endSession: 'timeoutMS',
  getSnapshotTime: '',
  withTransaction: `${TRANSACTION} callback!`,
};

const BUCKET: ArgumentLists = {
  delete: 'id! timeoutMS',
  deleteByName: 'filename! timeoutMS',
  rename: 'id! newFilename! timeoutMS',
  renameByName: 'filename! newFilename! timeoutMS',
  drop: 'timeoutMS',
  find: 'filter! allowDiskUse batchSize limit maxTimeMS noCursorTimeout skip sort timeoutMS',
  download: 'id! timeoutMS',
  downloadByName: 'filename! revision timeoutMS',
  upload: 'filename! source! chunkSizeBytes metadata contentType disableMD5 timeoutMS',
  uploadWithId: 'id! filename! source! chunkSizeBytes metadata contentType disableMD5 timeoutMS',
};

const CURSORS: ArgumentLists = {
  iterateUntilDocumentOrError: '',
  iterateOnce: '',
  close: 'timeoutMS',
};

const INDEX_ASSERTION = 'databaseName! collectionName! indexName!';
const TEST_RUNNER: ArgumentLists = {
  failPoint: 'client! failPoint! session',
  targetedFailPoint: 'session! failPoint!',
  assertSessionTransactionState: 'session! state!',
  assertSessionPinned: 'session!',
  assertSessionUnpinned: 'session!',
  assertSessionDirty: 'session!',
  assertSessionNotDirty: 'session!',
  assertSameLsidOnLastTwoCommands: 'client!',
  assertDifferentLsidOnLastTwoCommands: 'client!',
  assertCollectionExists: 'databaseName! collectionName!',
  assertCollectionNotExists: 'databaseName! collectionName!',
  assertIndexExists: INDEX_ASSERTION,
  assertIndexNotExists: INDEX_ASSERTION,
  assertEventCount: 'client! event! count!',
  waitForEvent: 'client! event! count!',
  assertNumberConnectionsCheckedOut: 'client! connections!',
  wait: 'ms!',
  recordTopologyDescription: 'client! id!',
  assertTopologyType: 'topologyDescription! topologyType!',
  waitForPrimaryChange: 'client! priorTopologyDescription! timeoutMS',
  createEntities: 'entities!',
  loop: 'operations! storeErrorsAsEntity storeFailuresAsEntity storeSuccessesAsEntity storeIterationsAsEntity',
  runOnThread: 'thread! operation!',
  waitForThread: 'thread!',
};

/** The argument lists by the kind of object that an operation is on. */
export const ARGUMENT_LISTS = {
  testRunner: TEST_RUNNER,
  client: CLIENT,
  database: DATABASE,
  collection: COLLECTION,
  session: SESSION,
  bucket: BUCKET,
  cursor: CURSORS,
} as const;

export type ObjectKind = keyof typeof ARGUMENT_LISTS;

/** Throws a sentence where an operation is unknown, lacks a required argument or has one that it does not take. */
export function checkArguments(kind: ObjectKind, name: string, given: Document): void {
  const list = ARGUMENT_LISTS[kind][name];
  if (list === undefined) throw new MalformedTest(`the runner does not know the operation ${name} on a ${kind}`);
  const names = list.split(' ').filter((each) => each !== '');
  const missing = names.find((each) => each.endsWith('!') && !(each.slice(0, -1) in given));
  if (missing !== undefined) throw new MalformedTest(`${name} lacks the argument ${missing.slice(0, -1)}`);
  const known = new Set(names.map((each) => each.replace('!', '')));
  const unknown = Object.keys(given).find((each) => !known.has(each));
  if (unknown !== undefined) throw new MalformedTest(`${name} does not take the argument ${unknown}`);
}
