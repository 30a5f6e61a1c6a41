import { BSON, type Document, UUID } from 'mongodb';
import { expect, test } from 'vitest';
import { message, WireClient } from '../../contract/wire-client.ts';
import { allCommands } from '../../src/commands/all-commands.ts';
import { unsupportedCommands } from '../../src/commands/unsupported.ts';
import { startServerProcess } from '../server-process.ts';
import { isAccepted } from './accepted-types.ts';
import { commandsWithAllFields, preparations } from './all-fields.ts';
import { encodeWith, pathsOf, typedValues } from './typed-values.ts';

const internalCodes: readonly unknown[] = [1, 8];
/** Texts of JavaScript, SQLite and Node.js errors, which no client may see. */
const internalText =
  /Cannot (read|convert|mix|destructure)|is not (a function|iterable|defined)|out of range|outside buffer|BigInt|Invalid (array|string) length|must be of type|SQLITE|Received (?!authentication for)/;

/** MongoDB's codes below 10000 for a value that a command cannot take; its parsers' own codes are above. */
const refusalCodes: ReadonlySet<unknown> = new Set([
  2, 9, 13, 14, 15, 16, 22, 40, 54, 59, 67, 72, 73, 115, 168, 197, 207, 236, 260, 322,
]);

/** The errors of a reply: of the command, of its statements, or of the operations of a bulkWrite. */
function errorsOf(reply: Document): Document[] {
  if (reply['ok'] !== 1) return [reply];
  const results: Document[] = reply['cursor']?.firstBatch ?? [];
  return [...(reply['writeErrors'] ?? []), ...results.filter((result) => result?.['ok'] === 0)];
}

/** The reply's defect, or null: an error must carry one of MongoDB's codes for it, and a text for clients. */
function defectOf(reply: Document, mustRefuse: boolean): string | null {
  const errors = errorsOf(reply);
  const shown = errors.map(({ code, errmsg }) => `${code} ${errmsg}`).join();
  const isInternal = errors.some(
    ({ code, errmsg }) => internalCodes.includes(code) || internalText.test(String(errmsg)),
  );
  if (isInternal) return shown;
  if (!mustRefuse) return null;
  if (errors.length === 0) return 'accepted';
  return errors.some(({ code }) => refusalCodes.has(code) || code >= 10_000) ? null : `accepted, then: ${shown}`;
}

function encoded(command: Document): Buffer {
  return Buffer.from(BSON.serialize({ ...command, $db: command['$db'] ?? 'types' }));
}

/** A fail point set by a case must not affect the next one. */
const turnOff = encoded({ configureFailPoint: 'failCommand', mode: 'off', $db: 'admin' });

async function send(wire: WireClient, body: Buffer): Promise<Document> {
  const outcome = await wire.exchange(message(body, 1));
  if (outcome.kind === 'closed') throw new Error('the server closed the connection');
  return BSON.deserialize(outcome.body, { bsonRegExp: true });
}

interface Case {
  readonly command: string;
  /** Command, field and value, for reports. */
  readonly place: string;
  readonly body: Buffer;
  /** The field does not take a value of this type. */
  readonly mustRefuse: boolean;
}

function exampleAt(command: Document, path: readonly string[]): unknown {
  let value: unknown = command;
  for (const name of path) value = (value as Record<string, unknown>)[name];
  return value;
}

/** In a session of its own, because a transaction number can be used once. */
function inNewSession(command: Document): Document {
  return 'lsid' in command && 'txnNumber' in command ? { ...command, lsid: { id: new UUID() } } : command;
}

/** Each field of each command, with each value in its place. */
function* cases(): Generator<Case> {
  for (const command of commandsWithAllFields) {
    const complete = { ...command, $db: command['$db'] ?? 'types' };
    const name = Object.keys(command)[0] ?? '';
    // A command with a UUID fails, so only its UUID is varied.
    const paths = pathsOf(complete).filter(([first]) => !('collectionUUID' in command) || first === 'collectionUUID');
    const fields = paths.flatMap((path) => typedValues.map((typed) => ({ path, typed })));
    for (const { path, typed } of fields) {
      const place = `${name}: ${path.join('.')} = ${typed.label}`;
      yield {
        command: name,
        place,
        body: encodeWith(inNewSession(complete), path, typed),
        mustRefuse: !isAccepted(`${name}: ${path.join('.')}`, exampleAt(complete, path), typed),
      };
    }
  }
}

test('every command is sent with its fields', () => {
  const unsupported = new Set(unsupportedCommands.flatMap(({ names }) => names));
  const sent = new Set(commandsWithAllFields.map((command) => Object.keys(command)[0]));
  const missing = allCommands.filter(({ names }) => !names.some((name) => sent.has(name) || unsupported.has(name)));
  expect(missing.map(({ names }) => names[0])).toEqual([]);
});

type Send = (body: Buffer, command: string) => Promise<Document>;

/** Sends the cases and collects the defect of each reply by the case's place. */
async function defectsOf(all: Iterable<Case>, request: Send): Promise<ReadonlyMap<string, string>> {
  const defects = new Map<string, string>();
  for (const each of all) {
    const defect = await defectOfCase(each, request).catch((error: unknown) => {
      throw new Error(each.place, { cause: error });
    });
    if (defect !== null) defects.set(each.place, defect);
  }
  return defects;
}

async function defectOfCase({ command, body, mustRefuse }: Case, request: Send): Promise<string | null> {
  for (const preparation of preparations[command] ?? []) await request(encoded(preparation), '');
  const defect = defectOf(await request(body, command), mustRefuse);
  if (command === 'configureFailPoint') await request(turnOff, '');
  return defect;
}

// The server is a process of its own: one that hangs can still be reported and ended. Each reply has 20 s; the test as a
// whole takes about 15 s on an idle machine and gets more on a busy one.
test('a field of any wrong type is refused with a MongoDB error, never a hang or an internal error', {
  timeout: 300_000,
}, async () => {
  await using server = await startServerProcess(['--memory', '--port', '0']);
  await using wire = await WireClient.connect(server.url);
  await send(wire, encoded({ create: 'items' }));
  const all = [...cases()];
  const defects = await defectsOf(all, async (body, command) => {
    // A connection takes the client's metadata once.
    await using fresh = command === 'hello' ? await WireClient.connect(server.url) : null;
    return await send(fresh ?? wire, body);
  });
  const refused = all.filter(({ mustRefuse }) => mustRefuse).length;
  process.stdout.write(
    `wrong types: ${all.length} commands sent, ${refused} of them must be refused, ${defects.size} defects\n`,
  );
  expect(Object.fromEntries(defects)).toEqual({});
});

test('a server that ignores one field, or takes it for another, is found out', { timeout: 60_000 }, async () => {
  await using server = await startServerProcess(['--memory', '--port', '0']);
  await using wire = await WireClient.connect(server.url);
  await send(wire, encoded({ create: 'items' }));
  const ofFind = [...cases()].filter(({ place }) => /^find: (allowDiskUse|skip) = /.test(place));
  const ignoring = await defectsOf(ofFind, async (body) => {
    const { allowDiskUse: _, ...rest } = BSON.deserialize(body, { bsonRegExp: true, promoteValues: false });
    return send(wire, Buffer.from(BSON.serialize(rest)));
  });
  expect([...ignoring.keys()]).toContain('find: allowDiskUse = string "zz"');
  expect([...ignoring.keys()].filter((place) => !place.startsWith('find: allowDiskUse'))).toEqual([]);
  const mistaking = await defectsOf(ofFind, async () => ({ ok: 0, code: 26, errmsg: 'ns not found' }));
  expect(mistaking.get('find: skip = string "zz"')).toBe('accepted, then: 26 ns not found');
});
