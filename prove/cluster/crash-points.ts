/**
 * Preloaded (`--import`) into an engine that is to crash: ends its process by SIGKILL at a named point between two steps of a
 * cache file. The engine's own sources know nothing of it. EMCACHERS_PROVE_CRASH_AT is `<name>:<n>`: the nth time that a thread
 * of the process passes the point.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import type { CrashPointName } from './crash-point-names.ts';

const [name = '', times = '1'] = (process.env['EMCACHERS_PROVE_CRASH_AT'] ?? '').split(':');
let left = Number(times);

function pass(point: CrashPointName): void {
  if (point !== name) return;
  left -= 1;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

const exec = Sqlite.prototype.exec;
Sqlite.prototype.exec = function execOrCrash(this: Sqlite.Database, sql: string) {
  if (sql !== 'COMMIT') return exec.call(this, sql);
  pass('before a cache commits');
  const result = exec.call(this, sql);
  pass('after a cache has committed');
  return result;
};

const renameSync = fs.renameSync;
fs.renameSync = (from, to) => {
  const isLink = String(to).endsWith('db.sqlite');
  if (isLink) pass('before the link of a cache moves');
  renameSync(from, to);
  if (isLink) pass('after the link of a cache has moved');
};

const rmSync = fs.rmSync;
fs.rmSync = (path, options) => {
  if (/db\.g\d+\.sqlite$/.test(String(path))) pass('before a generation is deleted');
  rmSync(path, options);
};
syncBuiltinESMExports();
