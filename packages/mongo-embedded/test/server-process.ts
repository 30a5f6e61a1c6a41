/** The embedded server as a process of its own, as `npx mongo-embedded` starts it: for tests that kill or weigh it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** USER_HZ, which Linux shows processor times in; 100 on every common platform. */
const CLOCK_TICKS_PER_SECOND = 100;
const PROGRAM = fileURLToPath(new URL('../bin/mongo-embedded.mjs', import.meta.url));
const EXIT_WITH_PARENT = new URL('../../../scripts/exit-with-parent.mjs', import.meta.url).href;

export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly startMs: number;
  /** What the process wrote to its error output so far. */
  errors(): string;
  isRunning(): boolean;
  /** Resident memory, bytes. Linux only. */
  residentBytes(): Promise<number>;
  /** Processor time used so far, all threads, seconds. Linux only. */
  cpuSeconds(): Promise<number>;
  /** Open files and sockets. Linux only. */
  openFiles(): Promise<number>;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts the server and resolves when it has printed its address. The server ends when this process does, even by SIGKILL. */
export async function startServerProcess(args: readonly string[]): Promise<ServerProcess> {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', EXIT_WITH_PARENT, PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const url = await firstLine(child, () => errors);
  const startMs = performance.now() - start;
  const { pid } = child;
  if (pid === undefined) throw new Error('the server process has no id');
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!isRunning()) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url,
    pid,
    startMs,
    errors: () => errors,
    isRunning,
    residentBytes: async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
    },
    cpuSeconds: async () => {
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
    },
    openFiles: async () => (await readdir(`/proc/${pid}/fd`)).length,
    end,
    [Symbol.asyncDispose]: async () => end('SIGKILL'),
  };
}

async function firstLine(child: ChildProcess, errors: () => string): Promise<string> {
  if (child.stdout === null) throw new Error('the server process has no output');
  const lines = createInterface({ input: child.stdout });
  return new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', () => reject(new Error(`the server ended before it listened: ${errors()}`)));
  });
}
