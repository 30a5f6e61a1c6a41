/**
 * Sends wrong messages to a server on several connections while a good client is served all the while. The server may
 * answer or close; it may not crash, hang, or keep memory and sockets for good.
 */
import { connect } from 'node:net';
import { MongoClient } from 'mongodb';
import { SeededRandom } from '../seeded-random.ts';
import { soundMessages } from './sound-messages.ts';
import { wrongMessage } from './wrong-message.ts';

/** How long a connection may stay open after the client has ended its side. */
const CLOSE_MS_MAX = 15_000;
const MESSAGES_PER_CONNECTION_MAX = 10;
/** How often what sound messages among the wrong ones have left is thrown away, so that memory can be compared. */
const TIDY_EVERY = 5_000;
const KEPT_DATABASES = new Set(['admin', 'config', 'local', 'good']);

export interface FuzzRequest {
  readonly url: string;
  readonly count: number;
  readonly seed: number;
  readonly connections: number;
  /** Called after about every hundredth part of the run. */
  readonly onProgress?: (sent: number) => Promise<void>;
}

export interface FuzzReport {
  readonly sent: number;
  readonly connections: number;
  readonly answerBytes: number;
  readonly goodAnswers: number;
  readonly goodAnswerMsMax: number;
  /** Connections that the server neither closed nor let end, with the seed that sent their messages. */
  readonly hung: readonly number[];
}

export async function fuzz(request: FuzzRequest): Promise<FuzzReport> {
  const { url, count, seed } = request;
  await using client = await new MongoClient(url, { serverSelectionTimeoutMS: 20_000 }).connect();
  const sound = soundMessages();
  const counters = { sent: 0, connections: 0, answerBytes: 0, goodAnswers: 0, goodAnswerMsMax: 0 };
  const hung: number[] = [];
  const progressEvery = Math.max(1, Math.floor(count / 100));
  let reported = 0;
  let tidied = 0;

  const lane = async (): Promise<void> => {
    while (counters.sent < count) {
      const connectionSeed = seed + counters.connections;
      counters.connections += 1;
      const messages = messagesOf(sound, connectionSeed);
      counters.sent += messages.length;
      const outcome = await sendAndEnd(url, messages);
      if (outcome === null) hung.push(connectionSeed);
      else counters.answerBytes += outcome;
    }
  };
  const good = async (): Promise<void> => {
    while (counters.sent < count) {
      const start = performance.now();
      await serveGoodClient(client, counters.goodAnswers);
      counters.goodAnswers += 1;
      counters.goodAnswerMsMax = Math.max(counters.goodAnswerMsMax, performance.now() - start);
      if (counters.sent - tidied >= TIDY_EVERY) {
        tidied = counters.sent;
        await tidy(client);
      }
      if (counters.sent - reported >= progressEvery) {
        reported = counters.sent;
        await request.onProgress?.(counters.sent);
      }
    }
  };
  await Promise.all([good(), ...Array.from({ length: request.connections }, lane)]);
  return { ...counters, hung };
}

/** The messages that one connection sends, from its own seed, so that a finding can be sent again alone. */
export function messagesOf(sound: readonly Buffer[], seed: number): Buffer[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 1 + random.below(MESSAGES_PER_CONNECTION_MAX) }, () => wrongMessage(sound, random));
}

/** Bytes that came back until the connection was closed, or null where it stayed open. */
async function sendAndEnd(url: string, messages: readonly Buffer[]): Promise<number | null> {
  const { hostname, port } = new URL(url.replace('mongodb://', 'http://'));
  return new Promise<number | null>((resolve) => {
    let bytes = 0;
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(null);
    }, CLOSE_MS_MAX);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(bytes);
    });
    for (const each of messages) socket.write(each);
    socket.end();
  });
}

/** Throws away what wrong messages made that were right after all: databases of any name, cursors, transactions. */
async function tidy(client: MongoClient): Promise<void> {
  const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
  for (const { name } of databases) {
    if (!KEPT_DATABASES.has(name)) await client.db(name).dropDatabase();
  }
  await client.db('admin').command({ killAllSessions: [] });
}

/** What a working application does meanwhile: writes, reads back what it wrote, and is right each time. */
async function serveGoodClient(client: MongoClient, round: number): Promise<void> {
  const items = client.db('good').collection<{ _id: number; round: number }>('items');
  const id = round % 100;
  await items.updateOne({ _id: id }, { $set: { round } }, { upsert: true });
  const found = await items.findOne({ _id: id });
  if (found?.round !== round) throw new Error(`the good client wrote ${round} and read ${String(found?.round)}`);
}
