import { MongoClient, type MongoClientOptions, MongoServerError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMongoServer, type MongoServer } from '../src/mongo-server.ts';
import { failureOf } from './failure-of.ts';
import { WireClient } from './wire-client.ts';

// Sources: RFC 5802, RFC 7677; specifications, auth and mongodb-handshake (speculative authentication).
const user = { name: 'ada, = 1', password: 'pass,word=%' };
let server: MongoServer;
let url: string;

beforeAll(async () => {
  server = createMongoServer({ memory: true, users: [user, { name: 'bo', password: 'b', database: 'shop' }] });
  ({ url } = await server.start());
});
afterAll(async () => {
  await server.stop();
});

async function connect(options: MongoClientOptions): Promise<MongoClient> {
  return new MongoClient(url, { serverSelectionTimeoutMS: 3_000, ...options }).connect();
}
const login = { auth: { username: user.name, password: user.password } };

describe('a user', () => {
  test('logs in, reads and writes, and is named by connectionStatus', async () => {
    await using client = await connect(login);
    const items = client.db('shop').collection('items');
    await items.insertOne({ text: 'mine' });
    expect(await items.countDocuments()).toBe(1);
    const { authInfo } = await client.db('admin').command({ connectionStatus: 1 });
    expect(authInfo.authenticatedUsers).toEqual([{ user: user.name, db: 'admin' }]);
  });

  test('of another database logs in with that authSource and with no other', async () => {
    const auth = { username: 'bo', password: 'b' };
    await using client = await connect({ auth, authSource: 'shop' });
    expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
    await expect(connect({ auth })).rejects.toMatchObject({ code: 18 });
  });

  test('logs in without speculative authentication and with the final empty exchange', async () => {
    await using wire = await WireClient.connect(url);
    expect(await wire.command('admin', { hello: 1, saslSupportedMechs: `admin.${user.name}` })).toMatchObject({
      saslSupportedMechs: ['SCRAM-SHA-256'],
    });
    expect(await logIn(wire, 'biws')).toMatchObject({ ok: 1, done: true });
    expect(await wire.command('shop', { count: 'items' })).toMatchObject({ ok: 1 });
    await wire.command('admin', { logout: 1 });
    expect(await wire.command('shop', { count: 'items' })).toMatchObject({ code: 13 });
  });
});

describe('a login is refused with AuthenticationFailed', () => {
  test.each([
    ['a wrong password', { username: user.name, password: 'guess' }],
    ['an unknown user', { username: 'eve', password: user.password }],
  ])('for %s, with one message for both', async (_cause, auth) => {
    const failure = await failureOf(connect({ auth }));
    expect(failure).toMatchObject({ code: 18, codeName: 'AuthenticationFailed', message: 'Authentication failed.' });
  });

  test('for channel binding, a wrong nonce, and a message that is not SCRAM', async () => {
    await using wire = await WireClient.connect(url);
    expect(await logIn(wire, 'cD10bHM=')).toMatchObject({ code: 18 });
    expect(await logIn(wire, 'biws', 'x')).toMatchObject({ code: 18 });
    for (const text of ['', 'n,,', 'p=tls,,n=a,r=b', 'n,,n=a']) {
      expect(await wire.command('admin', saslStart(text))).toMatchObject({ code: 18 });
    }
  });

  test('if a conversation that failed or never began is continued', async () => {
    await using wire = await WireClient.connect(url);
    const next = { saslContinue: 1, conversationId: 1, payload: Buffer.from('') };
    expect(await wire.command('admin', next)).toMatchObject({ code: 17 });
    await logIn(wire, 'biws', 'x');
    expect(await wire.command('admin', next)).toMatchObject({ code: 18 });
  });

  test('for another mechanism: MechanismUnavailable', async () => {
    await using wire = await WireClient.connect(url);
    const start = { saslStart: 1, mechanism: 'SCRAM-SHA-1', payload: Buffer.from('n,,n=a,r=b') };
    expect(await wire.command('admin', start)).toMatchObject({ code: 334, codeName: 'MechanismUnavailable' });
  });
});

describe('without a login', () => {
  test.each(['hello', 'ping', 'buildInfo', 'connectionStatus', 'listCommands', 'whatsmyuri'])(
    '%s answers',
    async (name) => {
      await using client = await connect({});
      expect(await client.db('admin').command({ [name]: 1 })).toMatchObject({ ok: 1 });
    },
  );

  test.each([
    { find: 'items' },
    { insert: 'items', documents: [{}] },
    { listDatabases: 1 },
    { aggregate: 1, pipeline: [{ $changeStream: {} }], cursor: {} },
    { getParameter: '*' },
    { configureFailPoint: 'failCommand', mode: 'off' },
    { endSessions: [] },
  ])('%o is refused with Unauthorized', async (command) => {
    await using client = await connect({});
    const failure = await failureOf(client.db('admin').command(command));
    expect(failure).toBeInstanceOf(MongoServerError);
    expect(failure).toMatchObject({ code: 13, codeName: 'Unauthorized' });
  });
});

test('a server without users refuses logins', async () => {
  const open = createMongoServer({ memory: true });
  const started = await open.start();
  const client = new MongoClient(started.url, login);
  await expect(client.connect()).rejects.toMatchObject({ code: 18 });
  await client.close();
  await open.stop();
});

test.each([
  ['name', [{ name: 'å', password: 'p' }]],
  ['password', [{ name: 'a', password: 'geheim\u00e9' }]],
  ['password', [{ name: 'a', password: '' }]],
  [
    'same name',
    [
      { name: 'a', password: 'p' },
      { name: 'a', password: 'q' },
    ],
  ],
])('a user that cannot be kept is refused by its %s, without quoting the password', (cause, users) => {
  const create = (): unknown => createMongoServer({ memory: true, users });
  expect(create).toThrow(cause);
  expect(create).not.toThrow('geheim');
});

function saslStart(text: string): object {
  return { saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: Buffer.from(text) };
}

/** A login step by step, as RFC 5802 writes it, with a wrong part where the test gives one. */
async function logIn(wire: WireClient, binding: string, nonceSuffix = ''): Promise<object> {
  const { createHash, createHmac, pbkdf2Sync } = await import('node:crypto');
  const bare = `n=${user.name.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=clientnonce`;
  const first = await wire.command('admin', saslStart(`n,,${bare}`));
  const challenge = String(first['payload'].toString('utf8'));
  const {
    nonce = '',
    salt = '',
    iterations = '',
  } = /^r=(?<nonce>[^,]+),s=(?<salt>[^,]+),i=(?<iterations>\d+)$/.exec(challenge)?.groups ?? {};
  expect(Number(iterations)).toBeGreaterThanOrEqual(4096);
  const salted = pbkdf2Sync(user.password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest();
  const final = `c=${binding},r=${nonce}${nonceSuffix}`;
  const signature = createHmac('sha256', storedKey).update(`${bare},${challenge},${final}`).digest();
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64');
  const conversationId = first['conversationId'];
  const payload = Buffer.from(`${final},p=${proof}`);
  const second = await wire.command('admin', { saslContinue: 1, conversationId, payload });
  if (second['ok'] !== 1) return second;
  expect(second['done']).toBe(false);
  return wire.command('admin', { saslContinue: 1, conversationId, payload: Buffer.alloc(0) });
}
