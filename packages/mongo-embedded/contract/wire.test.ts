import { BSON, type Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { freshDatabase } from './fresh-database.ts';
import { rawDocument, rawInt, rawString } from './raw-bson.ts';
import { useServer } from './use-server.ts';
import { message, WireClient } from './wire-client.ts';

// Sources: manual, "MongoDB Wire Protocol"; specifications, OP_MSG.
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const server = useServer();

/** An OP_MSG with a document sequence (kind 1) before the body or after it. */
function withSequence(parts: { body: Buffer; name: string; documents: readonly Buffer[]; isFirst: boolean }): Buffer {
  const { body, name, documents, isFirst } = parts;
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents]);
  const head = Buffer.alloc(5);
  head.writeUInt8(1, 0);
  head.writeInt32LE(content.length + 4, 1);
  const sequence = Buffer.concat([head, content]);
  const section = Buffer.concat([Buffer.from([0]), body]);
  const sections = Buffer.concat(isFirst ? [sequence, section] : [section, sequence]);
  const frame = Buffer.alloc(20);
  frame.writeInt32LE(20 + sections.length, 0);
  frame.writeInt32LE(7, 4);
  frame.writeInt32LE(2013, 12);
  return Buffer.concat([frame, sections]);
}

describe('OP_MSG', () => {
  for (const isFirst of [false, true]) {
    test(`takes a document sequence ${isFirst ? 'before' : 'after'} the body`, async () => {
      await using scratch = freshDatabase(server().client);
      await using wire = await WireClient.connect(server().url);
      const body = rawDocument(rawString('insert', 'items'), rawString('$db', scratch.name));
      const documents = [rawDocument(rawInt('_id', 1)), rawDocument(rawInt('_id', 2))];
      const outcome = await wire.exchange(withSequence({ body, name: 'documents', documents, isFirst }));
      expect(outcome.kind === 'answer' && BSON.deserialize(outcome.body)).toMatchObject({ ok: 1, n: 2 });
    });
  }

  test('replies to several messages that arrive at once in order, each with its id', async () => {
    await using wire = await WireClient.connect(server().url);
    const body = Buffer.from(BSON.serialize({ ping: 1, $db: 'admin' }));
    wire.send(Buffer.concat([1, 2, 3].map((id) => message(body, id))));
    for (let round = 0; round < 3; round += 1) {
      const outcome = await wire.receive();
      expect(outcome.kind === 'answer' && BSON.deserialize(outcome.body)).toMatchObject({ ok: 1 });
    }
  });

  test('accepts a message that arrives byte by byte', async () => {
    await using wire = await WireClient.connect(server().url);
    for (const byte of message(Buffer.from(BSON.serialize({ ping: 1, $db: 'admin' })), 1))
      wire.send(Buffer.from([byte]));
    const outcome = await wire.receive();
    expect(outcome.kind === 'answer' && BSON.deserialize(outcome.body)).toMatchObject({ ok: 1 });
  });

  test('with moreToCome is carried out and not answered', async () => {
    await using scratch = freshDatabase(server().client);
    await using wire = await WireClient.connect(server().url);
    const insert = BSON.serialize({
      insert: 'items',
      documents: [{ _id: 1 }],
      writeConcern: { w: 0 },
      $db: scratch.name,
    });
    wire.send(message(Buffer.from(insert), 1, MORE_TO_COME));
    const reply = await wire.command(scratch.name, { count: 'items' });
    expect(reply).toMatchObject({ n: 1 });
  });

  test('with a wrong checksum is not carried out', async () => {
    await using scratch = freshDatabase(server().client);
    await using wire = await WireClient.connect(server().url);
    const insert = BSON.serialize({ insert: 'items', documents: [{ _id: 1 }], $db: scratch.name });
    const whole = Buffer.concat([message(Buffer.from(insert), 1, CHECKSUM_PRESENT), Buffer.from([1, 2, 3, 4])]);
    whole.writeInt32LE(whole.length, 0);
    await wire.exchange(whole);
    expect(await scratch.items.countDocuments()).toBe(0);
  });

  test('without $db is refused', async () => {
    // Source: op_msg.cpp "OP_MSG requests require a $db argument", 40571; 8.0 parses it by IDL: missing field, 40414.
    await using wire = await WireClient.connect(server().url);
    const outcome = await wire.exchange(message(Buffer.from(BSON.serialize({ ping: 1 })), 1));
    if (outcome.kind === 'closed') throw new Error('the server closed the connection');
    expect([40571, 40414]).toContain(BSON.deserialize(outcome.body)['code']);
  });

  test('with unknown required flag bits is refused or the connection closed', async () => {
    await using wire = await WireClient.connect(server().url);
    const outcome = await wire.exchange(message(Buffer.from(BSON.serialize({ ping: 1, $db: 'admin' })), 1, 1 << 5));
    if (outcome.kind === 'answer') expect(BSON.deserialize(outcome.body)).toMatchObject({ ok: 0 });
  });
});

describe('OP_QUERY', () => {
  /** Source: manual, "MongoDB Wire Protocol", OP_QUERY: since 5.1 for hello and isMaster alone. */
  function query(command: Document, namespace = 'admin.$cmd'): Buffer {
    const body = Buffer.concat([
      Buffer.alloc(4),
      Buffer.from(`${namespace}\0`),
      Buffer.alloc(8),
      Buffer.from(BSON.serialize(command)),
    ]);
    body.writeInt32LE(-1, 4 + namespace.length + 1 + 4);
    const head = Buffer.alloc(16);
    head.writeInt32LE(16 + body.length, 0);
    head.writeInt32LE(3, 4);
    head.writeInt32LE(2004, 12);
    return Buffer.concat([head, body]);
  }

  test('answers isMaster by OP_REPLY', async () => {
    await using wire = await WireClient.connect(server().url);
    const outcome = await wire.exchange(query({ isMaster: 1, helloOk: true }));
    if (outcome.kind === 'closed') throw new Error('the server closed the connection');
    // An OP_REPLY's documents begin 36 bytes after its start, 15 after where an OP_MSG's body does.
    expect(BSON.deserialize(outcome.body.subarray(15))).toMatchObject({ ok: 1, ismaster: true, helloOk: true });
  });

  test('answers no other command', async () => {
    await using wire = await WireClient.connect(server().url);
    const outcome = await wire.exchange(query({ listDatabases: 1 }));
    if (outcome.kind === 'answer') expect(BSON.deserialize(outcome.body.subarray(15))).toMatchObject({ ok: 0 });
  });

  /** Source: mongodb/mongo, unsupported legacy operations: an OP_REPLY with the flag of a failed query and `$err`. */
  test('of a collection is a failed query, which old drivers raise instead of taking it for a document', async () => {
    await using wire = await WireClient.connect(server().url);
    const outcome = await wire.exchange(query({}, 'wire.things'));
    if (outcome.kind === 'closed') throw new Error('the server closed the connection');
    expect(outcome.flags & 2).toBe(2);
    const document = BSON.deserialize(outcome.body.subarray(15));
    expect(document).toMatchObject({ ok: 0, code: 5739101, $err: expect.stringContaining('OP_QUERY') });
  });
});

describe('what is no message', () => {
  const wrong: [string, Buffer][] = [
    ['a length below the header', frame(5, 2013)],
    ['a negative length', frame(-1, 2013)],
    ['a length above 48 MB', frame(48_000_001, 2013)],
    ['an operation that does not exist', frame(16, 7)],
    ['a body that is no BSON', message(Buffer.from('nonsense that is no document'), 1)],
    ['an empty body', message(Buffer.from([5, 0, 0, 0, 0]), 1)],
    ['plain text', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ];
  for (const [what, bytes] of wrong) {
    test(`${what} is answered by an error or a closed connection`, async () => {
      await using wire = await WireClient.connect(server().url);
      const outcome = await wire.exchange(bytes);
      expect(['answer', 'closed']).toContain(outcome.kind);
      expect(await server().client.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 });
    });
  }

  function frame(length: number, opCode: number): Buffer {
    const head = Buffer.alloc(16);
    head.writeInt32LE(length, 0);
    head.writeInt32LE(opCode, 12);
    return head;
  }
});
