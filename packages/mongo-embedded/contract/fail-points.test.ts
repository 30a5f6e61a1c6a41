import { type Document, MongoError, MongoNetworkError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: mongodb/mongo wiki "The failCommand Fail Point"; src/mongo/db/commands/fail_command... (jstests/core/failcommand_failpoint.js);
// specifications, retryable-writes and change-streams, for the labels that a server adds itself.
const server = useServer();

/** A client of its own name, so that a fail point hits nobody else, and the means to arm the fail point. */
async function armed(data: Document, mode: unknown = { times: 1 }) {
  const scratch = freshDatabase(server().client);
  const appName = `fail-${scratch.name}`;
  const client = await server().connect({ appName, retryReads: false, retryWrites: false });
  const items = client.db(scratch.name).collection('items');
  const arm = async (change: Document = {}): Promise<void> => {
    const command = { configureFailPoint: 'failCommand', mode, data: { appName, ...data }, ...change };
    await server().client.db('admin').command(command);
  };
  await arm();
  return {
    items,
    client,
    name: scratch.name,
    disarm: async () => arm({ mode: 'off' }),
    [Symbol.asyncDispose]: async () => {
      await arm({ mode: 'off' });
      await scratch[Symbol.asyncDispose]();
    },
  };
}

describe('failCommand', () => {
  test('fails the named command with the given code, the given number of times', async () => {
    await using target = await armed({ failCommands: ['insert'], errorCode: 10107 }, { times: 2 });
    for (let round = 0; round < 2; round += 1) {
      expect(await failureOf(target.items.insertOne({}))).toMatchObject({
        code: 10107,
        codeName: 'NotWritablePrimary',
      });
    }
    await target.items.insertOne({});
    expect(await target.items.countDocuments()).toBe(1);
  });

  test('does not affect other commands or other applications', async () => {
    await using target = await armed({ failCommands: ['insert'], errorCode: 2 }, 'alwaysOn');
    expect(await target.items.findOne({})).toBeNull();
    await server().client.db(target.name).collection('items').insertOne({});
    expect((await failureOf(target.items.insertOne({}))).code).toBe(2);
    await target.disarm();
    await target.items.insertOne({});
  });

  test('skips the first commands if it has skip', async () => {
    await using target = await armed({ failCommands: ['insert'], errorCode: 2 }, { skip: 2 });
    await target.items.insertOne({});
    await target.items.insertOne({});
    expect((await failureOf(target.items.insertOne({}))).code).toBe(2);
  });

  test('closes the connection if it has closeConnection', async () => {
    await using target = await armed({ failCommands: ['ping'], closeConnection: true });
    const ping = target.client.db(target.name).command({ ping: 1 });
    await expect(ping).rejects.toBeInstanceOf(MongoNetworkError);
    expect(await target.client.db(target.name).command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  test('blocks for the given time, then runs the command', async () => {
    await using target = await armed({ failCommands: ['find'], blockConnection: true, blockTimeMS: 300 });
    const start = performance.now();
    await target.items.findOne({});
    expect(performance.now() - start).toBeGreaterThan(280);
  });

  test('replaces the error labels of the server with the given ones', async () => {
    await using target = await armed({ failCommands: ['insert'], errorCode: 2, errorLabels: ['One', 'Two'] });
    expect((await failureOf(target.items.insertOne({}))).errorLabels).toEqual(['One', 'Two']);
  });

  test('adds a write concern error to a write that succeeded', async () => {
    const writeConcernError = { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out' };
    await using target = await armed({ failCommands: ['insert'], writeConcernError });
    const failure = await failureOf(target.items.insertOne({}));
    expect(failure.code).toBe(64);
    expect(await target.items.countDocuments()).toBe(1);
  });

  test('counts how often it was evaluated', async () => {
    // Source: configureFailPoint answers the count of activations so far.
    await using target = await armed({ failCommands: ['insert'], errorCode: 2 }, 'alwaysOn');
    await failureOf(target.items.insertOne({}));
    await failureOf(target.items.insertOne({}));
    const reply = await server().client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    expect(reply['count']).toBeGreaterThanOrEqual(2);
  });

  test('that does not exist is refused', async () => {
    // Source: error_codes.yml: FailPointSetFailed 236.
    const command = { configureFailPoint: 'noSuchFailPoint', mode: 'off' };
    expect((await failureOf(server().client.db('admin').command(command))).code).toBe(236);
  });
});

describe('error labels that the server adds itself', () => {
  async function labelsOf(data: Document, work: (target: Awaited<ReturnType<typeof armed>>) => Promise<unknown>) {
    await using target = await armed(data);
    const error = await work(target).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof MongoError)) throw new Error('the fail point was not met');
    return error.errorLabels;
  }

  // Source: specifications, retryable-writes, "Determining Retryable Errors" (4.4 servers add the label themselves).
  for (const code of [11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 262]) {
    test(`a retryable write that fails with ${code} gets RetryableWriteError`, async () => {
      const labels = await labelsOf({ failCommands: ['insert'], errorCode: code }, async ({ client, name }) => {
        await using session = client.startSession();
        const command = { insert: 'items', documents: [{}], txnNumber: BigInt(1) };
        return await client.db(name).command(command, { session });
      });
      expect(labels).toContain('RetryableWriteError');
    });
  }

  test('a retryable write that fails with another code gets no label', async () => {
    const labels = await labelsOf({ failCommands: ['insert'], errorCode: 2 }, async ({ client, name }) => {
      await using session = client.startSession();
      return await client.db(name).command({ insert: 'items', documents: [{}], txnNumber: BigInt(1) }, { session });
    });
    expect(labels).toEqual([]);
  });

  test('a write without txnNumber gets no RetryableWriteError', async () => {
    const labels = await labelsOf({ failCommands: ['insert'], errorCode: 91 }, async ({ client, name }) =>
      client.db(name).command({ insert: 'items', documents: [{}] }),
    );
    expect(labels).not.toContain('RetryableWriteError');
  });

  // Source: specifications, change-streams, "Resumable Error" list, which servers since 4.3.1 label themselves; failCommand
  // strikes before the server knows the cursor, so these use failGetMoreAfterCursorCheckout, as the specification's tests do.
  for (const code of [6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436, 63, 150, 13388, 234, 133]) {
    test(`a getMore of a change stream that fails with ${code} gets ResumableChangeStreamError`, async () => {
      const failure = await failedGetMore([{ $changeStream: {} }], code);
      expect(failure.code).toBe(code);
      expect(failure.errorLabels).toContain('ResumableChangeStreamError');
    });
  }

  test('a getMore of an ordinary cursor gets no ResumableChangeStreamError', async () => {
    const failure = await failedGetMore([{ $match: {} }], 91);
    expect(failure.errorLabels).not.toContain('ResumableChangeStreamError');
  });

  test('a getMore of a change stream that fails with another code gets no label', async () => {
    const failure = await failedGetMore([{ $changeStream: {} }], 2);
    expect(failure.errorLabels).not.toContain('ResumableChangeStreamError');
  });

  /** The error of a getMore that fails with the code once its cursor is known. */
  async function failedGetMore(pipeline: Document[], errorCode: number) {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{}, {}, {}]);
    await using session = server().client.startSession();
    const options = { session, promoteLongs: false };
    const command = { aggregate: 'items', pipeline, cursor: { batchSize: 1 } };
    const { cursor } = await scratch.db.command(command, options);
    const failPoint = 'failGetMoreAfterCursorCheckout';
    const arming = { configureFailPoint: failPoint, mode: { times: 1 }, data: { errorCode } };
    await server().client.db('admin').command(arming);
    const failure = await failureOf(scratch.db.command({ getMore: cursor.id, collection: 'items' }, options));
    await server().client.db('admin').command({ configureFailPoint: failPoint, mode: 'off' });
    return failure;
  }

  // Source: specifications, transactions, "TransientTransactionError".
  for (const code of [112, 251, 24, 91, 10107]) {
    test(`a statement of a transaction that fails with ${code} gets TransientTransactionError`, async () => {
      const labels = await labelsOf({ failCommands: ['insert'], errorCode: code }, async ({ client, items }) => {
        await using session = client.startSession();
        session.startTransaction();
        return await items.insertOne({}, { session });
      });
      expect(labels).toContain('TransientTransactionError');
    });
  }
});
