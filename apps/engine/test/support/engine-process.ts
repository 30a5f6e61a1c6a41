import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ApiClient } from './api-client.ts';

/** The engine as an operator runs it: `main.ts` in a process of its own, which can be killed. */
export interface EngineProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** What it has logged so far, at most the last 200,000 characters. */
  log(): string;
  /** Resolves when it listens; rejects with its last words when it ends before. */
  readonly ready: Promise<ApiClient>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly words: string }>;
}

const exitWithParent = new URL('../../../../scripts/exit-with-parent.mjs', import.meta.url).href;

/** The engine ends when this process does, even by SIGKILL. */
export function startEngineProcess(environment: Record<string, string>): EngineProcess {
  const child = spawn(
    process.execPath,
    ['--import', exitWithParent, path.join(import.meta.dirname, '../../src/main.ts')],
    {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  let words = '';
  const ready = Promise.withResolvers<ApiClient>();
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    words = `${words}${chunk}`.slice(-200_000);
    const url = /"url":"([^"]+)","msg":"Engine started/.exec(words)?.[1];
    if (url !== undefined) ready.resolve(new ApiClient(url));
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    words += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, words }));
  void ended.then(() => ready.reject(new Error(`The engine ended:\n${words}`)));
  ready.promise.catch(() => {});
  return {
    child,
    log: () => words,
    ready: ready.promise,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
