import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';

/** Older versions can lose pages if a write races with a checkpoint: https://www.sqlite.org/wal.html#walresetbug */
const versionMin = [3, 51, 3] as const;

/** Throws EMC-1001 if the SQLite in use could damage files. */
export function assertSqliteVersion(): void {
  const database = new Database(':memory:');
  const version = String(database.prepare('SELECT sqlite_version()').pluck().get());
  database.close();
  if (isAtLeast(version)) return;
  const detail = `SQLite ${version} can damage files in WAL mode; ${versionMin.join('.')} or newer is needed.`;
  throw new EmcachersError({ code: 'EMC-1001', detail, hint: 'Reinstall the dependencies with `npm ci`.' });
}

export function isAtLeast(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, least] of versionMin.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
