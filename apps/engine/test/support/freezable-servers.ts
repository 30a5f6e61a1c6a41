import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '@emcachers/db/embedded-postgres';

/** A server in processes of its own. Frozen, it keeps its connections and answers nothing. */
export interface FreezableServer extends AsyncDisposable {
  readonly url: string;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** A folder for servers and engines; gone when disposed. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'emcachers-freezable-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const mongoProgram = fileURLToPath(
  new URL('../../../../packages/mongo-embedded/bin/mongo-embedded.mjs', import.meta.url),
);
const exitWithParent = new URL('../../../../scripts/exit-with-parent.mjs', import.meta.url).href;

export async function freezableMongo(folder: string): Promise<FreezableServer> {
  const child = spawn(
    process.execPath,
    ['--import', exitWithParent, mongoProgram, '--path', path.join(folder, 'mongo'), '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
  const url = await urlOf(child);
  const signal = async (name: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
    child.kill(name);
  };
  return {
    url,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let words = '';
  const found = Promise.withResolvers<string>();
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    words += chunk;
    const url = /mongodb:\/\/\S+/.exec(words)?.[0];
    if (url !== undefined) found.resolve(url);
  });
  child.once('close', () => found.reject(new Error(`MongoDB ended: ${words}`)));
  return found.promise;
}

export async function freezablePostgres(folder: string): Promise<FreezableServer> {
  const directory = path.join(folder, 'postgres');
  const server = await startEmbeddedPostgres({ directory, port: 0, settings: ['fsync=off'] });
  const [pid = ''] = (await readFile(path.join(directory, 'postmaster.pid'), 'utf8')).split('\n');
  // The first process forks the others: stopped first, it adds none to those that are listed then.
  const signal = async (name: 'SIGSTOP' | 'SIGCONT'): Promise<void> => {
    process.kill(Number(pid), name);
    for (const session of await childrenOf(pid)) killIfThere(session, name);
  };
  return {
    url: server.url,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A session may have ended since it was listed. */
function killIfThere(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function childrenOf(pid: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', pid]);
  return stdout.split('\n').filter(Boolean).map(Number);
}
