import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { openRotatingLog, type RotatingLogLimits } from './rotating-log.ts';
import { StartError } from './settings.ts';

const tailCharsMax = 4_000;

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly logDir: string;
  readonly logLimits: RotatingLogLimits;
  /** A process that still runs this long after SIGTERM is killed, milliseconds. */
  readonly stopMsMax: number;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has exited, with its last output. */
  readonly ended: Promise<string>;
  readonly hasEnded: () => boolean;
  /** Sends SIGTERM, then SIGKILL if it does not exit in time. */
  stop(): Promise<void>;
}

/** Starts one part of the product. Its output goes to `<data dir>/logs/<name>.log`. */
export function startChild(options: ChildOptions): Child {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its own process group: Ctrl-C reaches only the start script, which stops the parts in order.
    detached: true,
  });
  const tail = captureOutput(child, options);
  let done = false;
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', (cause) => reject(new StartError(`${options.name} could not be started: ${cause.message}`)));
    child.once('exit', (code, signal) => {
      done = true;
      resolve(`${options.name} ended (${signal ?? `exit code ${code}`}).\n${tail()}`);
    });
  });
  ended.catch(() => {});
  return {
    name: options.name,
    pid: child.pid ?? 0,
    ended,
    hasEnded: () => done,
    async stop() {
      if (done) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), options.stopMsMax);
      await ended.catch(() => {});
      clearTimeout(timer);
    },
  };
}

function captureOutput(child: ChildProcess, options: ChildOptions): () => string {
  mkdirSync(options.logDir, { recursive: true });
  const log = openRotatingLog(path.join(options.logDir, `${options.name}.log`), options.logLimits);
  const tails = { stdout: '', stderr: '' };
  const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    tails[stream] = (tails[stream] + chunk.toString('utf8')).slice(-tailCharsMax);
    log.write(chunk);
  };
  child.stdout?.on('data', take('stdout'));
  child.stderr?.on('data', take('stderr'));
  child.once('close', () => log.close());
  // Messages for people are on stderr; the structured log is on stdout.
  return () => (tails.stderr.trim() === '' ? tails.stdout.trim() : tails.stderr.trim());
}

/** Waits until `url` responds with 2xx. Throws when the process exits, or after `waitMsMax`. */
export async function waitForHttp(child: Child, url: string, waitMsMax: number): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  let last = 'no answer';
  while (performance.now() < deadline) {
    if (child.hasEnded()) throw new StartError(await child.ended);
    const answer = await probe(url);
    if (answer === null) return;
    last = answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new StartError(`${child.name} did not become ready at ${url} within ${waitMsMax / 1000} s (${last}).`);
}

async function probe(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok ? null : `HTTP ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
