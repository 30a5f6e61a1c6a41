/**
 * Everything at once that makes a server wait, give up or start over: fail points, transactions, change streams, killed sessions
 * and cursors, connections that end, indexes and collections that come and go. A watchdog holds the server to what must stay
 * true: it answers, its memory is bounded, no error is its own, and SIGTERM ends it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient, MongoServerError } from 'mongodb';
import { SeededRandom } from '../seeded-random.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { type Actor, type ActorContext, actors } from './actors.ts';
import type { ChaosReport } from './chaos-report.ts';
import { FailPointActor } from './fail-point-actor.ts';
import { Watchdog } from './watchdog.ts';

const terminationMsMax = 15_000;

export interface ChaosRequest {
  readonly seconds: number;
  readonly seed: number;
  /** The data folder; in memory without one. */
  readonly path?: string;
  readonly onProgress?: (report: ChaosReport) => void;
}

/** Codes that no request of these actors may get: the server's own faults. */
const internalCodes: ReadonlySet<unknown> = new Set([1, 8, 22]);

export async function chaos({ seconds, seed, path, onProgress }: ChaosRequest): Promise<ChaosReport> {
  const storage = path === undefined ? ['--memory'] : ['--path', path];
  await using server = await startServerProcess([...storage, '--port', '0', '--history-bytes', '20000000']);
  const report: ChaosReport = {
    seed,
    operations: 0,
    failures: {},
    pings: 0,
    pingMsMax: 0,
    residentBytesMax: 0,
    findings: [],
  };
  const stop = new AbortController();
  const watchdog = new Watchdog({ server, report, stop });
  const watching = watchdog.run();
  const running = actors.map((actor, index) =>
    act(actor, { url: server.url, report, signal: stop.signal, random: new SeededRandom(seed + index) }),
  );
  const failing = new FailPointActor(server.url, new SeededRandom(seed - 1)).run(stop.signal);
  for (let second = 0; second < seconds && !stop.signal.aborted; second += 1) {
    await delay(1000, undefined, { signal: stop.signal }).catch(() => undefined);
    if (second % 30 === 29) onProgress?.(report);
  }
  stop.abort();
  await Promise.all([watching, failing, ...running]);
  await terminate(server, report);
  if (server.errors() !== '') report.findings.push(`the server wrote an error: ${server.errors()}`);
  return report;
}

interface Acting {
  readonly url: string;
  readonly report: ChaosReport;
  readonly signal: AbortSignal;
  readonly random: SeededRandom;
}

/** Runs one actor until the end; a client that the server left behind is replaced. */
async function act(actor: Actor, { url, report, signal, random }: Acting): Promise<void> {
  while (!signal.aborted) {
    const client = new MongoClient(url, {
      serverSelectionTimeoutMS: 5_000,
      socketTimeoutMS: 10_000,
      waitQueueTimeoutMS: 5_000,
    });
    const context: ActorContext = { client, random, signal };
    for (let step = 0; step < 50 && !signal.aborted; step += 1) {
      try {
        await actor(context);
      } catch (error) {
        note(report, error);
      }
      report.operations += 1;
    }
    await client.close();
  }
}

function note(report: ChaosReport, error: unknown): void {
  const code = error instanceof MongoServerError ? error.code : (error as Error).name;
  const name = String(code);
  report.failures[name] = (report.failures[name] ?? 0) + 1;
  if (!internalCodes.has(code)) return;
  const finding = `the server failed with ${name}: ${(error as Error).message}`;
  if (!report.findings.includes(finding)) report.findings.push(finding);
}

async function terminate(server: ServerProcess, report: ChaosReport): Promise<void> {
  if (!server.isRunning()) report.findings.push('the server ended by itself');
  const ended = server.end('SIGTERM').then(() => true);
  const isEnded = await Promise.race([ended, delay(terminationMsMax, false)]);
  if (isEnded) return;
  report.findings.push(`SIGTERM did not end the server within ${terminationMsMax} ms`);
  await server.end('SIGKILL');
}
