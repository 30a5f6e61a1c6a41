import { type Document, MongoClient, ReadPreference } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';
import { message, WireClient } from './wire-client.ts';

// Sources: manual, hello; specifications, server-discovery-and-monitoring, mongodb-handshake, OP_MSG.
const server = useServer();

describe('hello', () => {
  for (const command of [{ hello: 1 }, { isMaster: 1 }, { ismaster: 1 }]) {
    test(`${JSON.stringify(command)} says that this is the primary of a replica set`, async () => {
      const reply = await server().client.db('admin').command(command);
      const primary = 'hello' in command ? { isWritablePrimary: true } : { ismaster: true };
      expect(reply).toMatchObject({ ...primary, secondary: false, ok: 1 });
      expect(reply['setName']).toBeTypeOf('string');
      expect(reply['hosts']).toContain(reply['me']);
      expect(reply['primary']).toBe(reply['me']);
      expect(reply['maxBsonObjectSize']).toBe(16 * 1024 * 1024);
      expect(reply['maxMessageSizeBytes']).toBe(48_000_000);
      expect(reply['maxWriteBatchSize']).toBe(100_000);
      expect(reply['logicalSessionTimeoutMinutes']).toBe(30);
      expect(reply['localTime']).toBeInstanceOf(Date);
      expect(reply['minWireVersion']).toBe(0);
      expect(reply['maxWireVersion']).toBeGreaterThanOrEqual(21);
      expect(reply['readOnly']).toBe(false);
      expect(reply['topologyVersion']).toMatchObject({ counter: expect.anything(), processId: expect.anything() });
      expect(reply['lastWrite']).toMatchObject({ opTime: expect.anything(), lastWriteDate: expect.any(Date) });
    });
  }

  test('can be sent to any database', async () => {
    await using scratch = freshDatabase(server().client);
    expect(await scratch.db.command({ hello: 1 })).toMatchObject({ isWritablePrimary: true });
  });

  test('refuses client metadata twice on one connection', async () => {
    // Source: specifications, mongodb-handshake: metadata only in the first hello; ClientMetadataCannotBeMutated 186.
    await using wire = await WireClient.connect(server().url);
    const client = { driver: { name: 'contract', version: '1' }, os: { type: 'x' } };
    expect(await wire.command('admin', { hello: 1, client })).toMatchObject({ ok: 1 });
    expect(await wire.command('admin', { hello: 1, client })).toMatchObject({ ok: 0, code: 186 });
  });

  test('waits for a change if it has the topology version, and replies after maxAwaitTimeMS', async () => {
    await using wire = await WireClient.connect(server().url);
    const { topologyVersion } = await wire.command('admin', { hello: 1 });
    const start = performance.now();
    const reply = await wire.command('admin', { hello: 1, topologyVersion, maxAwaitTimeMS: 300 });
    expect(reply).toMatchObject({ ok: 1, isWritablePrimary: true });
    expect(performance.now() - start).toBeGreaterThan(250);
  });

  test('streams replies if exhaust is allowed', async () => {
    // Source: specifications, OP_MSG, exhaustAllowed (flag bit 16) and moreToCome.
    await using wire = await WireClient.connect(server().url);
    const { topologyVersion } = await wire.command('admin', { hello: 1 });
    const { BSON } = await import('mongodb');
    const body = Buffer.from(BSON.serialize({ hello: 1, topologyVersion, maxAwaitTimeMS: 100, $db: 'admin' }));
    wire.send(message(body, 99, 1 << 16));
    for (let round = 0; round < 3; round += 1) {
      const outcome = await wire.receive();
      if (outcome.kind === 'closed') throw new Error('the stream of answers ended');
      expect(BSON.deserialize(outcome.body)).toMatchObject({ ok: 1, isWritablePrimary: true });
    }
  });
});

describe('a client connects', () => {
  test('by discovering the replica set', async () => {
    const url = new URL(server().url.replace('mongodb://', 'http://'));
    await using client = await new MongoClient(`mongodb://${url.host}/?replicaSet=${await setName()}`).connect();
    expect(await client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  test('with directConnection', async () => {
    const url = new URL(server().url.replace('mongodb://', 'http://'));
    await using client = await new MongoClient(`mongodb://${url.host}/?directConnection=true`).connect();
    await using scratch = freshDatabase(client);
    await scratch.items.insertOne({ _id: 1 });
    expect(await scratch.items.countDocuments()).toBe(1);
  });

  test('but not with another replica set name', async () => {
    const url = new URL(server().url.replace('mongodb://', 'http://'));
    const client = new MongoClient(`mongodb://${url.host}/?replicaSet=another`, { serverSelectionTimeoutMS: 500 });
    await expect(client.connect()).rejects.toThrow();
    await client.close();
  });

  test('with read preferences that the primary serves', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    for (const mode of [
      ReadPreference.PRIMARY,
      ReadPreference.PRIMARY_PREFERRED,
      ReadPreference.SECONDARY_PREFERRED,
      ReadPreference.NEAREST,
    ]) {
      expect(await scratch.items.find({}, { readPreference: mode }).toArray()).toHaveLength(1);
    }
  });

  test('with the stable API', async () => {
    // Source: manual, "Stable API".
    const client = await server().connect({ serverApi: { version: '1', strict: true } });
    await using scratch = freshDatabase(client);
    await scratch.items.insertOne({ _id: 1 });
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 1 }]);
  });

  test('if it asks for compression', async () => {
    const client = await server().connect({ compressors: ['zlib'] });
    await using scratch = freshDatabase(client);
    await scratch.items.insertOne({ _id: 1 });
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 1 }]);
  });

  async function setName(): Promise<string> {
    return String((await server().client.db('admin').command({ hello: 1 }))['setName']);
  }
});

describe('commands about the server', () => {
  const read: Document[] = [
    { ping: 1 },
    { buildInfo: 1 },
    { buildinfo: 1 },
    { hostInfo: 1 },
    { connectionStatus: 1 },
    { getCmdLineOpts: 1 },
    { serverStatus: 1 },
    { replSetGetStatus: 1 },
    { replSetGetConfig: 1 },
    { getParameter: 1, featureCompatibilityVersion: 1 },
    { getLog: 'global' },
    { whatsmyuri: 1 },
    { listCommands: 1 },
  ];
  for (const command of read) {
    test(`${Object.keys(command)[0]} answers`, async () => {
      expect(await server().client.db('admin').command(command)).toMatchObject({ ok: 1 });
    });
  }

  test('buildInfo reports version 7.0 or newer, as text and as an array', async () => {
    const info = await server().client.db('admin').command({ buildInfo: 1 });
    expect(info['version']).toMatch(/^\d+\.\d+\.\d+/);
    expect(info['versionArray'].slice(0, 3).join('.')).toBe(String(info['version']).split('-')[0]);
    expect(info['versionArray'][0]).toBeGreaterThanOrEqual(7);
    expect(info['maxBsonObjectSize']).toBe(16 * 1024 * 1024);
  });

  test('an unknown command is refused by its name', async () => {
    // Source: error_codes.yml CommandNotFound 59.
    const failure = await failureOf(server().client.db('admin').command({ doNothing: 1 }));
    expect(failure).toMatchObject({ code: 59, codeName: 'CommandNotFound', message: "no such command: 'doNothing'" });
  });

  test('an admin-only command is refused on other databases', async () => {
    // Source: mongodb/mongo commands.cpp: "may only be run against the admin database", Unauthorized 13.
    await using scratch = freshDatabase(server().client);
    const failure = await failureOf(scratch.db.command({ replSetGetStatus: 1 }));
    expect(failure.code).toBe(13);
  });

  test('an unknown field of a command is refused', async () => {
    // Source: IDL commands, "BSON field 'find.unheardOf' is an unknown field.", 40415.
    await using scratch = freshDatabase(server().client);
    expect((await failureOf(scratch.db.command({ find: 'items', unheardOf: 1 }))).code).toBe(40415);
    expect((await failureOf(scratch.db.command({ insert: 'items', documents: [{}], unheardOf: 1 }))).code).toBe(40415);
  });
});
