/**
 * Makes a snapshot of a published cache: one file, complete without a log, and its manifest. Runs in a thread of its own. Readers and
 * the writer of the cache go on: the copy reads one state of the file in a read transaction, in small steps.
 * Worst case: the process is killed. What is half made has no manifest, so nobody takes it for a snapshot, and it is removed later.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import Database from 'better-sqlite3';
import { type CacheMetadata, readMetadata } from '../cache-metadata.ts';
import { unfinishedFile } from '../cache-paths.ts';
import { quoted } from '../cache-statements.ts';
import { ChangedKeys } from '../changed-keys.ts';
import { checkStructure } from '../check-structure.ts';
import { flush, removeDatabase, renameDurably } from './durable-files.ts';
import { hashFile } from './file-hash.ts';
import { requireSpace } from './free-space.ts';
import type { Pace } from './pace.ts';
import { manifestOf, writeManifest } from './snapshot-manifest.ts';
import type { SnapshotFiles } from './snapshot-paths.ts';

/** One published file, and where its snapshot goes. */
export interface MakeOrder {
  /** The generation's own file. */
  readonly source: string;
  readonly entityId: number;
  readonly entityName: string;
  /** Rebuilds that are requested: a file that was built before is about to be replaced. */
  readonly rebuildRequested: number;
  readonly snapshotId: string;
  readonly nodeId: string;
  readonly files: SnapshotFiles;
  /** Space that must stay free on the disk. */
  readonly freeBytesMin: number;
  readonly nowMs: number;
}

/** Calls `onProgress` with the bytes that were copied. Throws EMC-4008 or EMC-4009, and what SQLite and the file system say. */
export async function makeSnapshot(
  order: MakeOrder,
  pace: Pace,
  onProgress: (bytes: number) => void,
): Promise<SnapshotManifest> {
  const { files, snapshotId, nodeId, nowMs } = order;
  const copy = unfinishedFile(files.database);
  mkdirSync(dirname(copy), { recursive: true });
  removeDatabase(copy);
  try {
    await copyPages(order, { copy, pace, onProgress });
    const metadata = finish(copy, order);
    flush(copy);
    const { size: bytes } = statSync(copy);
    const sha256 = hashFile(copy, pace);
    const manifest = manifestOf({ snapshotId, nodeId, metadata, bytes, sha256, madeAtMs: nowMs });
    renameDurably(copy, files.database);
    writeManifest(files.manifest, manifest);
    return manifest;
  } finally {
    removeDatabase(copy);
  }
}

interface Copying {
  readonly copy: string;
  readonly pace: Pace;
  readonly onProgress: (bytes: number) => void;
}

/**
 * The read transaction keeps the copy at one state. Without it, SQLite would begin the copy again after each change of the cache
 * (https://www.sqlite.org/c3ref/backup_finish.html#sqlite3backupstep).
 */
async function copyPages(order: MakeOrder, { copy, pace, onProgress }: Copying): Promise<void> {
  const { source, files, freeBytesMin } = order;
  const database = new Database(source, { readonly: true, fileMustExist: true });
  try {
    database.exec('BEGIN');
    requireCurrent(readMetadata(database, source), order);
    const pageBytes = Number(database.pragma('page_size', { simple: true }));
    const pages = Number(database.pragma('page_count', { simple: true }));
    requireSpace(dirname(files.database), { bytes: pages * pageBytes, reserve: freeBytesMin });
    const stepPages = Math.max(1, Math.floor(pace.stepBytes / pageBytes));
    let copied = 0;
    await database.backup(copy, {
      progress({ totalPages, remainingPages }) {
        const now = (totalPages - remainingPages) * pageBytes;
        pace.spend(now - copied);
        copied = now;
        onProgress(copied);
        return stepPages;
      },
    });
  } finally {
    database.close();
  }
}

/** Makes the copy a file of its own, without a log, and checks it. */
function finish(copy: string, { entityId, entityName }: MakeOrder): CacheMetadata {
  const metadata = detach(copy);
  checkStructure({ path: copy, entityId, thorough: true });
  requireAllRows(copy, { entityName, documents: metadata.documents });
  return metadata;
}

/** Keys of changed rows are of use beside the file that readers follow only. A file in WAL mode could not be opened on a read-only disk. */
function detach(copy: string): CacheMetadata {
  const database = new Database(copy, { fileMustExist: true });
  try {
    database.pragma('secure_delete = ON');
    const metadata = readMetadata(database, copy);
    new ChangedKeys(database).keep(0, metadata.offset);
    database.pragma('journal_mode = DELETE');
    return metadata;
  } finally {
    database.close();
  }
}

function requireCurrent({ rebuild }: CacheMetadata, { rebuildRequested, entityName }: MakeOrder): void {
  if (rebuild >= rebuildRequested) return;
  const detail = `The cache of ${entityName} is being built again. Request the snapshot after that.`;
  throw new EmcachersError({ code: 'EMC-4009', detail });
}

/** Throws EMC-4009 if the table has another number of rows than the metadata of the file says. */
export function requireAllRows(path: string, expected: { entityName: string; documents: number }): void {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const sql = `SELECT count(*) FROM ${quoted(expected.entityName)}`;
    const rows = Number(database.prepare(sql).pluck().get());
    if (rows === expected.documents) return;
    const detail = `${path} has ${rows} rows, and its metadata says ${expected.documents}.`;
    throw new EmcachersError({ code: 'EMC-4009', detail });
  } finally {
    database.close();
  }
}
