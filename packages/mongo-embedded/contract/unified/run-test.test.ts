/** What the runner itself does with tests that are wrong: the format's own tests of runners are not always at hand. */
import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { useServer } from '../use-server.ts';
import { OutOfScope } from './out-of-scope.ts';
import { runUnifiedTest } from './run-test.ts';
import type { UnifiedOperation, UnifiedTest } from './unified-file.ts';

const server = useServer();

const createEntities = [
  { client: { id: 'client0', observeEvents: ['commandStartedEvent'] } },
  { database: { id: 'database0', client: 'client0', databaseName: 'runner' } },
  { collection: { id: 'collection0', database: 'database0', collectionName: 'things' } },
  { session: { id: 'session0', client: 'client0' } },
];
const initialData = [{ databaseName: 'runner', collectionName: 'things', documents: [{ _id: 1, x: 1 }] }];

async function run(
  operations: readonly UnifiedOperation[],
  { entities = [], ...rest }: Partial<UnifiedTest> & { entities?: readonly Document[] } = {},
): Promise<void> {
  const file = { description: 'file', schemaVersion: '1.0', createEntities: [...createEntities, ...entities] };
  await runUnifiedTest(
    { ...file, initialData, tests: [] },
    { description: 'test', operations, ...rest },
    { url: server().url, internal: server().client },
  );
}

const insert = (document: Document): UnifiedOperation => ({
  name: 'insertOne',
  object: 'collection0',
  arguments: { document },
});
const find: UnifiedOperation = { name: 'find', object: 'collection0', arguments: { filter: {} } };

describe('a test fails', () => {
  test.for<[string, UnifiedOperation, RegExp]>([
    ['an unknown operation', { name: 'explode', object: 'collection0' }, /does not know the operation explode/],
    ['an operation of another kind of object', { name: 'find', object: 'client0' }, /operation find on a client/],
    ['an unknown entity', { name: 'find', object: 'collection9' }, /entity collection9/],
    ['an unknown argument', { ...find, arguments: { filter: {}, speed: 1 } }, /does not take the argument speed/],
    ['a missing argument', { ...find, arguments: {} }, /lacks the argument filter/],
    ['a mistyped session', { ...find, arguments: { filter: {}, session: 'client0' } }, /not a ClientSession/],
    ['an unknown key', { ...find, retries: 3 } as UnifiedOperation, /does not know retries/],
  ])('on %s, even if it expects an error', async ([_, operation, message]) => {
    await expect(run([{ ...operation, expectError: { isError: true } }])).rejects.toThrow(message);
    await expect(run([{ ...operation, ignoreResultAndError: true }])).rejects.toThrow(message);
  });

  test.for<[string, Document, RegExp]>([
    ['an unknown entity', { rocket: { id: 'rocket0' } }, /entity rocket/],
    ['an unknown key of an entity', { session: { id: 's', client: 'client0', size: 1 } }, /size of the entity session/],
    ['an unknown event', { client: { id: 'c', observeEvents: ['lunchEvent'] } }, /event lunchEvent/],
    ['a second entity of one name', { session: { id: 'session0', client: 'client0' } }, /two entities session0/],
  ])('on %s', async ([_, entity, message]) => {
    await expect(run([find], { entities: [entity] })).rejects.toThrow(message);
  });

  test('if distinct answers documents with more fields, because they are values', async () => {
    const distinct = { name: 'distinct', object: 'collection0', arguments: { fieldName: 'y', filter: {} } };
    const operations = [insert({ _id: 2, y: { a: 1, b: 2 } })];
    await run([...operations, { ...distinct, expectResult: [{ a: 1, b: 2 }] }]);
    await expect(run([...operations, { ...distinct, expectResult: [{ a: 1 }] }])).rejects.toThrow(/unexpected field b/);
  });

  test('if the outcome has another type or another field', async () => {
    const place = { databaseName: 'runner', collectionName: 'things' };
    await run([find], { outcome: [{ ...place, documents: [{ x: 1, _id: 1 }] }] });
    await expect(run([find], { outcome: [{ ...place, documents: [{ _id: 1 }] }] })).rejects.toThrow(/outcome/);
    await expect(run([find], { outcome: [{ ...place, documents: [{ _id: 1, x: 1.5 }] }] })).rejects.toThrow(/outcome/);
  });

  test('if an assertion fails inside a transaction whose error is expected', async () => {
    const inside = { ...find, arguments: { filter: {}, session: 'session0' }, expectResult: [] };
    const transaction = { name: 'withTransaction', object: 'session0', arguments: { callback: [inside] } };
    await expect(run([{ ...transaction, expectError: { isError: true } }])).rejects.toThrow(/find: expected \[\]/);
  });

  test('if an operation of a thread fails that nothing waits for', async () => {
    const thread = { thread: { id: 'thread0' } };
    const operation = { name: 'runOnThread', object: 'testRunner' };
    const duplicate = { ...operation, arguments: { thread: 'thread0', operation: insert({ _id: 1 }) } };
    await expect(run([duplicate], { entities: [thread] })).rejects.toThrow(/E11000/);
    const expected = { ...insert({ _id: 1 }), expectError: { errorCode: 11000 } };
    await run([{ ...operation, arguments: { thread: 'thread0', operation: expected } }], { entities: [thread] });
  });

  test.for<[string, Document, RegExp]>([
    ['another code', { errorCode: 26 }, /expected error code 26/],
    ['another code name', { errorCodeName: 'NamespaceNotFound' }, /code name NamespaceNotFound/],
    ['another text', { errorContains: 'no such text' }, /contain "no such text"/],
    ['an error of the client', { isClientError: true }, /error of the client/],
    ['a time-out', { isTimeoutError: true }, /isTimeoutError/],
    ['a missing label', { errorLabelsContain: ['Shiny'] }, /label Shiny/],
    ['another answer', { errorResponse: { code: 1 } }, /error.response.code/],
    ['a result', { expectResult: { insertedCount: 0 } }, /error.result/],
    ['a write error', { writeErrors: { 1: {} } }, /error.writeErrors.1/],
  ])('if it expects %s', async ([_, expectError, message]) => {
    await expect(run([{ ...insert({ _id: 1 }), expectError }])).rejects.toThrow(message);
  });
});

test('an expected error is compared with the letters of its text and code name in either case', async () => {
  const expectError = { isClientError: false, errorContains: 'DUPLICATE KEY', errorCodeName: 'duplicatekey' };
  await run([{ ...insert({ _id: 1 }), expectError }]);
  const many = { name: 'insertMany', object: 'collection0', arguments: { documents: [{ _id: 1 }] } };
  await run([{ ...many, expectError: { ...expectError, expectResult: { insertedCount: 0 } } }]);
});

test('events are compared in order; more of them are allowed only where the test says so, and only at the end', async () => {
  const event = (name: string) => ({ commandStartedEvent: { commandName: name } });
  const operations = [insert({ _id: 2 }), find];
  const expectEvents = (names: readonly string[], ignoreExtraEvents = false) =>
    run(operations, { expectEvents: [{ client: 'client0', events: names.map(event), ignoreExtraEvents }] });
  await expectEvents(['insert', 'find']);
  await expectEvents(['insert'], true);
  await expect(expectEvents(['insert'])).rejects.toThrow(/expected 1 events, got 2/);
  await expect(expectEvents(['find'], true)).rejects.toThrow(/expected commandStartedEvent|commandName/);
  await expect(expectEvents(['insert', 'find', 'find'], true)).rejects.toThrow(/expected 3 events/);
});

test('events of a client can be kept as an entity, with their names and times', async () => {
  const entity = { client: { id: 'c', storeEventsAsEntities: [{ id: 'kept', events: ['CommandStartedEvent'] }] } };
  const database = { database: { id: 'd', client: 'c', databaseName: 'runner' } };
  const ping = { name: 'runCommand', object: 'd', arguments: { command: { ping: 1 }, commandName: 'ping' } };
  await run([ping], { entities: [entity, database] });
  await expect(run([ping], { entities: [entity, entity, database] })).rejects.toThrow(/two entities kept/);
});

test('log messages of a client are compared', async () => {
  const entity = { client: { id: 'c', observeLogMessages: { command: 'debug' } } };
  const database = { database: { id: 'd', client: 'c', databaseName: 'runner' } };
  const ping = { name: 'runCommand', object: 'd', arguments: { command: { ping: 1 }, commandName: 'ping' } };
  const message = (text: string) => ({
    level: 'debug',
    component: 'command',
    data: { message: text, commandName: 'ping' },
  });
  const expectMessages = (texts: readonly string[]) =>
    run([ping], {
      entities: [entity, database],
      expectLogMessages: [{ client: 'c', messages: texts.map(message) }],
    });
  await expectMessages(['Command started', 'Command succeeded']);
  await expect(expectMessages(['Command started'])).rejects.toThrow(/expected 1 log messages, got 2/);
  await expect(expectMessages(['Command started', 'Command failed'])).rejects.toThrow(/messages\[1\]/);
});

test('what the runner does not do on purpose is told apart from a failure', async () => {
  const loop = { name: 'loop', object: 'testRunner', arguments: { operations: [find] } };
  await expect(run([loop])).rejects.toThrow(OutOfScope);
  await expect(run([find], { expectTracingMessages: [{}] })).rejects.toThrow(OutOfScope);
});
