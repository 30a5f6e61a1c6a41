/**
 * Kills the server with SIGKILL while writers write with majority, starts it again on its files, and holds it to its
 * word: what was acknowledged is there, and a change stream that goes on from the last token has told every document
 * exactly once, over all rounds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Collection, type Document, MongoClient } from 'mongodb';
import { ChangeStreamReader } from '../../contract/change-stream-reader.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';

const DATABASE = 'kill';
const WRITERS = 4;
const KILL_AFTER_MS = { min: 30, max: 400 };
/** How long the stream may take to tell what it owes after a start. */
const CATCH_UP_MS_MAX = 20_000;

interface Item {
  readonly _id: string;
  readonly pad?: string;
  readonly n?: number;
}

export interface KillRequest {
  readonly rounds: number;
  /** Folder of the server's data. */
  readonly path: string;
  readonly random: SeededRandom;
  readonly onRound?: (round: number, report: KillReport) => void;
}

export interface KillReport {
  rounds: number;
  acknowledged: number;
  /** Writes that were in flight when the server died and were found to have been done. */
  doneUnacknowledged: number;
  events: number;
  startMsMax: number;
  /** Sentences about what the server did wrong. */
  readonly findings: string[];
}

/** What the test knows over all rounds. */
class Ledger {
  readonly acknowledged = new Set<string>();
  readonly told = new Set<string>();
  readonly toldTwice: string[] = [];
  readonly increments = new Map<string, number>();
  token: Document | null = null;

  tell(event: Document): void {
    this.token = event['_id'] as Document;
    if (event['operationType'] !== 'insert') return;
    const id = String(event['documentKey']._id);
    if (this.told.has(id)) this.toldTwice.push(id);
    this.told.add(id);
  }
}

export async function killRounds(request: KillRequest): Promise<KillReport> {
  const report: KillReport = {
    rounds: 0,
    acknowledged: 0,
    doneUnacknowledged: 0,
    events: 0,
    startMsMax: 0,
    findings: [],
  };
  const ledger = new Ledger();
  while (report.rounds < request.rounds && report.findings.length === 0) {
    await using server = await startServerProcess(['--path', request.path, '--port', '0']);
    report.startMsMax = Math.max(report.startMsMax, server.startMs);
    await using client = await new MongoClient(server.url, {
      serverSelectionTimeoutMS: 10_000,
      retryWrites: false,
    }).connect();
    await check(client, ledger, report);
    await writeUntilKilled({ client, server, ledger, report, random: request.random });
    report.rounds += 1;
    request.onRound?.(report.rounds, report);
  }
  await using server = await startServerProcess(['--path', request.path, '--port', '0']);
  await using client = await new MongoClient(server.url).connect();
  await check(client, ledger, report);
  return report;
}

/** After a start: acknowledged writes are there, and the stream owes nothing and repeats nothing. */
async function check(client: MongoClient, ledger: Ledger, report: KillReport): Promise<void> {
  const items = client.db(DATABASE).collection<Item>('items');
  const stored = new Set(
    (await items.find({ n: { $exists: false } }, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id),
  );
  for (const id of ledger.acknowledged)
    if (!stored.has(id)) report.findings.push(`acknowledged document ${id} is gone`);
  await checkIncrements(items, ledger, report);
  report.doneUnacknowledged = stored.size - ledger.acknowledged.size;
  report.acknowledged = ledger.acknowledged.size;
  if (ledger.token !== null) await catchUp({ client, ledger, stored, report });
  report.events = ledger.told.size;
  for (const id of ledger.toldTwice) report.findings.push(`the stream told ${id} twice`);
}

async function checkIncrements(items: Collection<Item>, ledger: Ledger, report: KillReport): Promise<void> {
  for (const [id, count] of ledger.increments) {
    const n = (await items.findOne({ _id: id }))?.n ?? 0;
    if (n < count) report.findings.push(`counter ${id} is ${n} after ${count} acknowledged increments`);
    ledger.increments.set(id, n);
  }
}

async function catchUp(parts: {
  client: MongoClient;
  ledger: Ledger;
  stored: Set<string>;
  report: KillReport;
}): Promise<void> {
  const { client, ledger, stored, report } = parts;
  await using stream = await openStream(client, ledger.token);
  const deadline = performance.now() + CATCH_UP_MS_MAX;
  const owes = (): string[] => [...stored].filter((id) => !ledger.told.has(id));
  for (const event of stream.firstBatch.events) ledger.tell(event);
  let isQuiet = false;
  while (!isQuiet && performance.now() < deadline) {
    const { events } = await stream.nextBatch(100);
    for (const event of events) ledger.tell(event);
    isQuiet = events.length === 0;
  }
  const gaps = owes();
  if (gaps.length > 0) report.findings.push(`the stream never told ${gaps.length} documents, first ${gaps[0]}`);
  const ghosts = [...ledger.told].filter((id) => !stored.has(id) && !id.startsWith('counter'));
  if (ghosts.length > 0)
    report.findings.push(`the stream told ${ghosts.length} documents that are not stored, first ${ghosts[0]}`);
}

async function openStream(client: MongoClient, token: Document | null): Promise<ChangeStreamReader> {
  const options = token === null ? {} : { resumeAfter: token };
  return ChangeStreamReader.open({ database: client.db(DATABASE), collection: 'items', options });
}

interface Writing {
  readonly client: MongoClient;
  readonly server: ServerProcess;
  readonly ledger: Ledger;
  readonly report: KillReport;
  readonly random: SeededRandom;
}

async function writeUntilKilled({ client, server, ledger, report, random }: Writing): Promise<void> {
  const items = client.db(DATABASE).collection<Item>('items', { writeConcern: { w: 'majority' } });
  await using stream = await openStream(client, ledger.token);
  const stop = new AbortController();
  const reading = readOn(stream, ledger, stop.signal);
  const writing = Array.from({ length: WRITERS }, async (_, writer) =>
    writeOn({ items, ledger, name: `r${report.rounds}w${writer}`, signal: stop.signal }),
  );
  await delay(KILL_AFTER_MS.min + random.below(KILL_AFTER_MS.max - KILL_AFTER_MS.min));
  await server.end('SIGKILL');
  stop.abort();
  await Promise.all([reading, ...writing]);
  stream.abandon();
}

/** Reads until the server dies; what came before the end of the connection counts as told. */
async function readOn(stream: ChangeStreamReader, ledger: Ledger, signal: AbortSignal): Promise<void> {
  for (const event of stream.firstBatch.events) ledger.tell(event);
  ledger.token ??= stream.postBatchResumeToken;
  try {
    while (!signal.aborted) {
      for (const event of (await stream.nextBatch(50)).events) ledger.tell(event);
      ledger.token = stream.postBatchResumeToken;
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

async function writeOn(parts: Writer): Promise<void> {
  try {
    for (let step = 0; !parts.signal.aborted; step += 1) await writeStep(parts, step);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

interface Writer {
  readonly items: Collection<Item>;
  readonly ledger: Ledger;
  readonly name: string;
  readonly signal: AbortSignal;
}

/** One write, entered into the ledger only when the server has acknowledged it. */
async function writeStep({ items, ledger, name }: Writer, step: number): Promise<void> {
  const counter = `counter-${name}`;
  if (step % 5 === 4) {
    await items.updateOne({ _id: counter }, { $inc: { n: 1 } }, { upsert: true });
    ledger.increments.set(counter, (ledger.increments.get(counter) ?? 0) + 1);
    return;
  }
  const ids = step % 7 === 6 ? [0, 1, 2].map((part) => `${name}-${step}-${part}`) : [`${name}-${step}`];
  await items.insertMany(ids.map((_id) => ({ _id, pad: 'x'.repeat(200) })));
  for (const id of ids) ledger.acknowledged.add(id);
}
