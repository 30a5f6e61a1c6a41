import { BSON, type Document } from 'mongodb';
import { expect, test } from 'vitest';
import { message, WireClient } from '../../contract/wire-client.ts';
import { allCommands } from '../../src/commands/all-commands.ts';
import { unsupportedCommands } from '../../src/commands/unsupported.ts';
import { startServerProcess } from '../server-process.ts';
import { commandsWithAllFields } from './all-fields.ts';
import { encodeWith, pathsOf, typedValues } from './typed-values.ts';

const internalCodes: readonly unknown[] = [1, 8];
/** Texts of JavaScript, SQLite and Node.js errors, which no client may see. */
const internalText =
  /Cannot (read|convert|mix|destructure)|is not (a function|iterable|defined)|out of range|outside buffer|BigInt|Invalid (array|string) length|must be of type|SQLITE|Received (?!authentication for)/;

/** The reply's defect, or null: an error must carry one of MongoDB's codes for it, and a text for clients. */
function defectOf(reply: Document): string | null {
  if (reply['ok'] === 1) return null;
  const isInternal = internalCodes.includes(reply['code']) || internalText.test(String(reply['errmsg']));
  return isInternal ? `${reply['code']} ${reply['errmsg']}` : null;
}

/** A fail point set by a case must not affect the next one. */
const turnOff = BSON.serialize({ configureFailPoint: 'failCommand', mode: 'off', $db: 'admin' });

async function send(wire: WireClient, body: Buffer): Promise<Document> {
  const outcome = await wire.exchange(message(body, 1));
  if (outcome.kind === 'closed') throw new Error('the server closed the connection');
  return BSON.deserialize(outcome.body, { bsonRegExp: true });
}

interface Case {
  /** Command, field and value, for reports. */
  readonly place: string;
  readonly body: Buffer;
  readonly isFailPoint: boolean;
}

/** Each field of each command, with each value in its place. */
function* cases(): Generator<Case> {
  for (const command of commandsWithAllFields) {
    const complete = { ...command, $db: command['$db'] ?? 'types' };
    const name = Object.keys(command)[0] ?? '';
    const fields = pathsOf(complete).flatMap((path) => typedValues.map((typed) => ({ path, typed })));
    for (const { path, typed } of fields) {
      const place = `${name}: ${path.join('.')} = ${typed.label}`;
      yield { place, body: encodeWith(complete, path, typed), isFailPoint: name === 'configureFailPoint' };
    }
  }
}

test('every command is sent with its fields', () => {
  const unsupported = new Set(unsupportedCommands.flatMap(({ names }) => names));
  const sent = new Set(commandsWithAllFields.map((command) => Object.keys(command)[0]));
  const missing = allCommands.filter(({ names }) => !names.some((name) => sent.has(name) || unsupported.has(name)));
  expect(missing.map(({ names }) => names[0])).toEqual([]);
});

// The server is a process of its own: one that hangs can still be reported and ended. Each reply has 20 s; the test as a
// whole takes about 15 s on an idle machine and gets more on a busy one.
test('a field of any wrong type gets a MongoDB error, never a hang or an internal error', {
  timeout: 180_000,
}, async () => {
  await using server = await startServerProcess(['--memory', '--port', '0']);
  await using wire = await WireClient.connect(server.url);
  const defects = new Map<string, string>();
  let count = 0;
  for (const { place, body, isFailPoint } of cases()) {
    try {
      const defect = defectOf(await send(wire, body));
      if (defect !== null) defects.set(place, defect);
      if (isFailPoint) await send(wire, Buffer.from(turnOff));
    } catch (error) {
      throw new Error(place, { cause: error });
    }
    count += 1;
  }
  process.stdout.write(`wrong types: ${count} commands sent, ${defects.size} defects\n`);
  expect(Object.fromEntries(defects)).toEqual({});
});
