/** Runs one test of a unified test file: set-up, operations, expected events, outcome, clean-up. */
import type { Db, Document, MongoClient } from 'mongodb';
import { Entities } from './entities.ts';
import { matchError } from './match-error.ts';
import { matchEvents } from './match-events.ts';
import { ValueMatcher } from './match-value.ts';
import { CLIENT_OPERATIONS } from './operations/client-operations.ts';
import { COLLECTION_OPERATIONS } from './operations/collection-operations.ts';
import { CURSOR_OPERATIONS } from './operations/cursor-operations.ts';
import { DATABASE_OPERATIONS } from './operations/database-operations.ts';
import { type OperationContext, type OperationHandler, optionsOf } from './operations/operation.ts';
import { SESSION_OPERATIONS } from './operations/session-operations.ts';
import { TEST_RUNNER_OPERATIONS } from './operations/test-runner-operations.ts';
import { OutOfScope } from './out-of-scope.ts';
import { plainResult } from './plain-result.ts';
import type { CollectionData, UnifiedFile, UnifiedOperation, UnifiedTest } from './unified-file.ts';

const MAJORITY = { w: 'majority' } as const;

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
  const admin = internal.db('admin');
  await admin.command({ killAllSessions: [] }).catch(() => undefined);
  for (const data of file.initialData ?? []) await insertInitialData(internal, data);
  await using entities = new Entities({ url });
  const failPoints = new Set<string>();
  try {
    entities.create(file.createEntities ?? []);
    await runOperations(test.operations, { entities, admin, failPoints });
    const matcher = new ValueMatcher(entities);
    for (const expected of test.expectEvents ?? []) {
      matchEvents(expected, entities.recordedBy(expected.client, expected.eventType ?? 'command'), matcher);
    }
    for (const data of test.outcome ?? []) await matchOutcome(internal, data, matcher);
  } finally {
    for (const name of failPoints) await admin.command({ configureFailPoint: name, mode: 'off' });
  }
}

interface Run {
  readonly entities: Entities;
  readonly admin: Db;
  readonly failPoints: Set<string>;
  /** Inside a callback of the driver, which must see each error itself, the expected ones too. */
  readonly isCallback?: boolean;
}

async function runOperations(operations: readonly UnifiedOperation[], run: Run): Promise<void> {
  for (const operation of operations) await runOperation(operation, run);
}

async function runOperation(operation: UnifiedOperation, run: Run): Promise<void> {
  const { entities, admin } = run;
  const handler = handlerFor(operation, entities);
  const context: OperationContext = {
    entities,
    operation,
    admin,
    runAll: async (operations) => runOperations(operations, { ...run, isCallback: true }),
  };
  const failPoint: unknown = operation.arguments?.['failPoint']?.configureFailPoint;
  if (typeof failPoint === 'string') run.failPoints.add(failPoint);
  let result: unknown;
  try {
    result = plainResult(await handler(context, optionsOf(context)));
  } catch (error) {
    return matchFailure(operation, error, run);
  }
  if (operation.expectError !== undefined) throw new Error(`${operation.name}: expected an error, got a result`);
  if (operation.expectResult !== undefined && operation.ignoreResultAndError !== true) {
    new ValueMatcher(entities).match(operation.expectResult, result, { path: operation.name, isRoot: true });
  }
  if (operation.saveResultAsEntity !== undefined) entities.set(operation.saveResultAsEntity, result);
}

/** Returns where the test expects the error, or ignores every one. */
function matchFailure(operation: UnifiedOperation, error: unknown, { entities, isCallback }: Run): void {
  if (error instanceof OutOfScope) throw error;
  if (operation.ignoreResultAndError === true) return;
  if (operation.expectError === undefined) throw isCallback === true ? error : withPlace(operation, error);
  matchError(operation.expectError, error, new ValueMatcher(entities));
  if (isCallback === true) throw error;
}

function withPlace({ name, object }: UnifiedOperation, error: unknown): Error {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Error(`${object}.${name} failed with ${message}`, { cause: error });
}

function handlerFor(operation: UnifiedOperation, entities: Entities): OperationHandler {
  const table = tableFor(operation.object, entities);
  const handler = table[operation.name];
  if (handler === undefined) throw new Error(`the runner does not know ${operation.name} on ${operation.object}`);
  return handler;
}

function tableFor(object: string, entities: Entities): Readonly<Record<string, OperationHandler>> {
  if (object === 'testRunner') return TEST_RUNNER_OPERATIONS;
  const kind = Reflect.get(entities.entity(object) as object, 'constructor') as { name: string };
  const tables: Readonly<Record<string, Readonly<Record<string, OperationHandler>>>> = {
    MongoClient: CLIENT_OPERATIONS,
    Db: DATABASE_OPERATIONS,
    Collection: COLLECTION_OPERATIONS,
    ClientSession: SESSION_OPERATIONS,
  };
  return tables[kind.name] ?? CURSOR_OPERATIONS;
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

async function matchOutcome(internal: MongoClient, data: CollectionData, matcher: ValueMatcher): Promise<void> {
  const collection = internal.db(data.databaseName).collection(data.collectionName);
  const options = { sort: { _id: 1 }, readPreference: 'primary', readConcern: { level: 'local' } } as const;
  const documents = await collection.find({}, options).toArray();
  matcher.match(data.documents, documents, { path: `outcome ${data.collectionName}`, isRoot: false });
}
