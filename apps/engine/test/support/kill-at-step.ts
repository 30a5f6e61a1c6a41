/**
 * Preloaded (`--import`) into a process that is to be killed: ends it by SIGKILL just before the nth operation on a file, by the file system
 * or by SQLite, of a thread of one kind. EMCACHERS_TEST_KILL_AT is `<kind>:<n>`, where the kind is that of the thread's task.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';

const [kind = '', step = '0'] = (process.env['EMCACHERS_TEST_KILL_AT'] ?? '').split(':');
const task = workerData as { readonly kind?: string; readonly order?: { readonly kind: string } } | null;
const isMeant = (task?.order?.kind ?? task?.kind) === kind;
let left = Number(step);

function pass(): void {
  if (!isMeant) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

type Action = (...given: unknown[]) => unknown;

/** `isOurs` tells what the thread does to files of caches and snapshots from the loading of its modules. */
function stopBefore(owner: object, names: readonly string[], isOurs: (first: unknown) => boolean): void {
  for (const name of names) {
    const original = Reflect.get(owner, name) as Action;
    Reflect.set(owner, name, function passOn(this: unknown, ...given: unknown[]): unknown {
      if (isOurs(given[0])) pass();
      return Reflect.apply(original, this, given);
    });
  }
}

const isOurPath = (first: unknown): boolean => String(first).includes('/orders');
stopBefore(fs, ['openSync', 'renameSync', 'rmSync', 'mkdirSync'], isOurPath);
stopBefore(fs, ['writeSync', 'fsyncSync'], () => true);
syncBuiltinESMExports();
stopBefore(Sqlite.prototype, ['exec', 'pragma', 'transaction', 'close'], () => true);

const { backup } = Sqlite.prototype;
Sqlite.prototype.backup = function backupInSteps(this: Sqlite.Database, to: string, options?: Sqlite.BackupOptions) {
  const progress: Sqlite.BackupOptions['progress'] = (info) => {
    pass();
    return options?.progress(info) ?? 100;
  };
  return backup.call(this, to, { progress });
};
