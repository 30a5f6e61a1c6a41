import { Db, MongoClient, MongoNetworkError } from 'mongodb';
import { expect, test, vi } from 'vitest';
import { runCommand, runPlain, runRaw } from './mongo-commands.ts';
import { toStreamError } from './stream-errors.ts';

/** The driver gives this error unwrapped if the server ends the connection while a command is being written; it cannot be timed. */
const ended = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });

const ping = { ping: 1 };

test.each([
  ['runRaw', runRaw],
  ['runPlain', runPlain],
  ['runCommand', runCommand],
])('%s reports a connection that ended during a write as a lost connection', async (_, run) => {
  await using client = new MongoClient('mongodb://127.0.0.1:1');
  using _command = vi.spyOn(Db.prototype, 'command').mockRejectedValue(ended);
  const error = await run({ client, database: 'admin' }, ping, {}).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MongoNetworkError);
  expect(error).toMatchObject({ cause: ended });
  expect(toStreamError(error)).toMatchObject({ code: 'EMC-2001' });
});

test('a command leaves every other error as it is', async () => {
  await using client = new MongoClient('mongodb://127.0.0.1:1');
  const defect = new TypeError('defect');
  using _command = vi.spyOn(Db.prototype, 'command').mockRejectedValue(defect);
  await expect(runPlain({ client, database: 'admin' }, ping)).rejects.toBe(defect);
});
