/** Runs one test of a unified test file: set-up, operations, expected events, outcome, clean-up. */
import type { Db, Document, MongoClient } from 'mongodb';
import { matchLogs } from './client-logs.ts';
import { createEntities, type EntityTarget } from './create-entities.ts';
import { Entities } from './entities.ts';
import { MalformedTest } from './malformed-test.ts';
import { matchError } from './match-error.ts';
import { matchEvents } from './match-events.ts';
import { exactlyEqual, Mismatch, ValueMatcher } from './match-value.ts';
import { BUCKET_OPERATIONS } from './operations/bucket-operations.ts';
import { CLIENT_OPERATIONS } from './operations/client-operations.ts';
import { COLLECTION_OPERATIONS } from './operations/collection-operations.ts';
import { CURSOR_OPERATIONS } from './operations/cursor-operations.ts';
import { DATABASE_OPERATIONS } from './operations/database-operations.ts';
import { type OperationContext, type OperationHandler, optionsOf } from './operations/operation.ts';
import { checkArguments, type ObjectKind } from './operations/operation-arguments.ts';
import { SESSION_OPERATIONS } from './operations/session-operations.ts';
import { TEST_RUNNER_OPERATIONS } from './operations/test-runner-operations.ts';
import { OutOfScope } from './out-of-scope.ts';
import { plainResult } from './plain-result.ts';
import type { CollectionData, UnifiedFile, UnifiedOperation, UnifiedTest } from './unified-file.ts';

const MAJORITY = { w: 'majority' } as const;
const OPERATION_KEYS = new Set([
  'name',
  'object',
  'arguments',
  'expectError',
  'expectResult',
  'saveResultAsEntity',
  'ignoreResultAndError',
]);

const HANDLERS: Readonly<Record<ObjectKind, Readonly<Record<string, OperationHandler>>>> = {
  testRunner: TEST_RUNNER_OPERATIONS,
  client: CLIENT_OPERATIONS,
  database: DATABASE_OPERATIONS,
  collection: COLLECTION_OPERATIONS,
  session: SESSION_OPERATIONS,
  bucket: BUCKET_OPERATIONS,
  cursor: CURSOR_OPERATIONS,
};

export interface UnifiedRunDependencies {
  readonly url: string;
  /** A client that no test observes. */
  readonly internal: MongoClient;
}

/** Throws a sentence where the test fails, OutOfScope where it cannot be run here on purpose. */
export async function runUnifiedTest(
  file: UnifiedFile,
  test: UnifiedTest,
  dependencies: UnifiedRunDependencies,
): Promise<void> {
  const { internal, url } = dependencies;
  if (test.expectTracingMessages !== undefined) throw new OutOfScope('the driver does not report OpenTelemetry spans');
  const admin = internal.db('admin');
  await prepare(file, internal);
  await using entities = new Entities();
  const run: Run = { entities, url, admin, failPoints: new Set(), failures: [] };
  try {
    await createEntities(file.createEntities ?? [], { entities, url });
    await runOperations(test.operations, run);
    for (const thread of entities.threads()) await thread.done();
  } finally {
    await endRun(run);
  }
  if (run.failures.length > 0) throw run.failures[0];
  matchObserved(test, entities);
  for (const data of test.outcome ?? []) await matchOutcome(internal, data);
}

async function prepare({ initialData }: UnifiedFile, internal: MongoClient): Promise<void> {
  await internal
    .db('admin')
    .command({ killAllSessions: [] })
    .catch(() => undefined);
  for (const data of initialData ?? []) await insertInitialData(internal, data);
}

async function endRun({ entities, admin, failPoints }: Run): Promise<void> {
  entities.stopObserving();
  for (const name of failPoints) await admin.command({ configureFailPoint: name, mode: 'off' });
}

function matchObserved(test: UnifiedTest, entities: Entities): void {
  const matcher = new ValueMatcher(entities);
  for (const expected of test.expectEvents ?? []) {
    matchEvents(expected, entities.recordedBy(expected.client, expected.eventType ?? 'command'), matcher);
  }
  for (const expected of test.expectLogMessages ?? []) {
    matchLogs(expected, entities.loggedBy(expected.client), matcher);
  }
}

interface Run extends EntityTarget {
  readonly admin: Db;
  readonly failPoints: Set<string>;
  /** What failed so far. A failure inside a callback is one, whatever the driver makes of it. */
  readonly failures: unknown[];
  /** Inside a callback of the driver, which must see each error itself, the expected ones too. */
  readonly isCallback?: boolean;
}

async function runOperations(operations: readonly UnifiedOperation[], run: Run): Promise<void> {
  for (const operation of operations) await runOperation(operation, run);
}

async function runOperation(operation: UnifiedOperation, run: Run): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = await attempt(operation, run);
    if ('error' in outcome) matchFailure(operation, outcome.error, run);
    else matchResult(operation, outcome.result, run.entities);
  } catch (failure) {
    run.failures.push(failure);
    throw failure;
  }
  if (run.isCallback === true && 'error' in outcome) throw outcome.error;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

/** What the driver answered. What the runner itself objects to is thrown. */
async function attempt(operation: UnifiedOperation, run: Run): Promise<Outcome> {
  const handler = handlerFor(operation, run.entities);
  const context: OperationContext = {
    ...run,
    operation,
    runAll: async (operations) => runOperations(operations, { ...run, isCallback: false }),
    runInCallback: async (operations) => runOperations(operations, { ...run, isCallback: true }),
  };
  const options = optionsOf(context);
  const failPoint: unknown = options['failPoint']?.configureFailPoint;
  if (typeof failPoint === 'string') run.failPoints.add(failPoint);
  try {
    return { result: plainResult(await handler(context, options)) };
  } catch (error) {
    if (error instanceof OutOfScope || error instanceof MalformedTest) throw error;
    return { error };
  }
}

/** Throws where the operation is not of the format, before anything of it is sent. */
function handlerFor(operation: UnifiedOperation, entities: Entities): OperationHandler {
  const { name, object } = operation;
  const unknown = Object.keys(operation).find((key) => !OPERATION_KEYS.has(key));
  if (unknown !== undefined) throw new MalformedTest(`the runner does not know ${unknown} of an operation`);
  const kind = object === 'testRunner' ? 'testRunner' : entities.kindOf(object);
  checkArguments(kind, name, operation.arguments ?? {});
  const handler = HANDLERS[kind][name];
  if (handler === undefined) throw new MalformedTest(`the runner does not run ${name} on a ${kind}`);
  return handler;
}

function matchResult(operation: UnifiedOperation, result: unknown, entities: Entities): void {
  const { name, expectError, expectResult, saveResultAsEntity, ignoreResultAndError } = operation;
  if (ignoreResultAndError === true) return;
  if (expectError !== undefined) throw new Error(`${name}: expected an error, got a result`);
  if (expectResult !== undefined) {
    // The values of distinct are values, not root documents.
    new ValueMatcher(entities).match(expectResult, result, { path: name, isRoot: name !== 'distinct' });
  }
  if (saveResultAsEntity !== undefined) entities.set(saveResultAsEntity, result);
}

/** Returns where the test expects the error, ignores every one, or leaves it to the driver that calls back. */
function matchFailure(operation: UnifiedOperation, error: unknown, { entities, isCallback }: Run): void {
  const { ignoreResultAndError, expectError } = operation;
  if (ignoreResultAndError === true) return;
  if (expectError !== undefined) matchError(expectError, error, new ValueMatcher(entities));
  else if (isCallback !== true) throw withPlace(operation, error);
}

function withPlace({ name, object }: UnifiedOperation, error: unknown): Error {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(`${object}.${name} failed with ${message}`, { cause: error });
}

async function insertInitialData(internal: MongoClient, data: CollectionData): Promise<void> {
  const database = internal.db(data.databaseName, { writeConcern: MAJORITY });
  await database.dropCollection(data.collectionName).catch(ignoreMissingNamespace);
  if (data.documents.length === 0 || data.createOptions !== undefined) {
    await database.createCollection(data.collectionName, { ...data.createOptions });
  }
  if (data.documents.length > 0) {
    const documents = data.documents.map((document: Document) => ({ ...document }));
    await database.collection(data.collectionName).insertMany(documents, { writeConcern: MAJORITY });
  }
}

function ignoreMissingNamespace(error: unknown): void {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 26) throw error;
}

/** The operators and the freedoms of other matches do not count here: the documents are these, type by type. */
async function matchOutcome(internal: MongoClient, data: CollectionData): Promise<void> {
  const collection = internal.db(data.databaseName).collection(data.collectionName);
  const options = { sort: { _id: 1 }, readPreference: 'primary', readConcern: { level: 'local' } } as const;
  const documents = await collection.find({}, { ...options, promoteValues: false }).toArray();
  if (exactlyEqual(data.documents, documents)) return;
  throw new Mismatch({ path: `outcome ${data.collectionName}`, isRoot: false }, data.documents, documents);
}
