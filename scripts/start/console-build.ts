import { spawn } from 'node:child_process';
import path from 'node:path';
import { withSetupLock } from '../setup-lock.mjs';
import type { StartContext } from './context.ts';
import { StartError } from './settings.ts';

const outputCharsMax = 20_000;

/**
 * Builds the console if its sources changed. Turborepo hashes them, so an unchanged build takes well under a second. Waits for
 * another command that builds in this clone.
 */
export function buildConsole(context: StartContext, signal: AbortSignal): Promise<void> {
  const onWait = (): void => context.progress.say('    Waiting for another npm command that builds in this clone …');
  return withSetupLock({ root: context.root, onWait, signal }, () => runBuild(context, signal));
}

function runBuild(context: StartContext, signal: AbortSignal): Promise<void> {
  const turbo = path.join(context.root, 'node_modules/.bin/turbo');
  const child = spawn(turbo, ['run', 'build', '--output-logs=errors-only', '--no-update-notifier'], {
    cwd: context.root,
    env: context.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const onAbort = (): boolean => child.kill('SIGTERM');
  signal.addEventListener('abort', onAbort, { once: true });
  let output = '';
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-outputCharsMax);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', onAbort);
      if (code === 0) resolve();
      else reject(new StartError(`The console could not be built.\n${output}`));
    });
  });
}
