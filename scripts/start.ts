import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { readSettingValues } from '../apps/engine/src/config/config.ts';
import { makeDirectory } from '../apps/engine/src/runtime/make-directory.ts';
import './exit-with-parent.mjs';
import type { StartContext } from './start/context.ts';
import { runProduct } from './start/product.ts';
import { createProgress } from './start/progress.ts';
import { readStartSettings, StartError } from './start/settings.ts';

/**
 * `npm start`: runs the whole product on one machine. Starts the engine, the console, and the databases not set by MONGO_URL and
 * DATABASE_URL; stops all of them on Ctrl-C or when one of them exits.
 */
const root = path.resolve(import.meta.dirname, '..');

async function main(): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  try {
    const env = readSettingValues(root, process.env);
    const settings = readStartSettings(env, root);
    requireDataDir(settings.dataDir);
    const context: StartContext = {
      root,
      settings,
      env,
      logDir: path.join(settings.dataDir, 'logs'),
      exitWithParent: pathToFileURL(path.join(import.meta.dirname, 'exit-with-parent.mjs')).href,
      progress: createProgress(process.stdout),
    };
    await runProduct(context, stopping.signal);
    return 0;
  } catch (error) {
    if (stopping.signal.aborted && (error instanceof StartError || error === stopping.signal.reason)) return 0;
    process.stderr.write(`\n${messageOf(error)}\n`);
    return 1;
  }
}

/** A message for errors that an operator can fix; a stack trace for defects. */
function messageOf(error: unknown): string {
  if (error instanceof StartError) return error.message;
  if (error instanceof Error && error.name === 'EmcachersError' && 'hint' in error)
    return `${error.message}\n${String(error.hint)}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function requireDataDir(dataDir: string): void {
  try {
    makeDirectory(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `EMC-1003: the data directory ${dataDir} cannot be used: ${reason}.\nFix its permissions, or set EMCACHERS_DATA_DIR to another directory.`,
    );
  }
}

process.exit(await main());
