/**
 * Copies a snapshot to where a new generation of a cache is created, and makes sure that the copy is whole. Runs in a thread of its own.
 * The snapshot itself is only read, through the file system: it may lie on a read-only disk, and another program may write to it.
 * Worst case: the process is killed. The unfinished file is no cache, and the next build of this generation replaces it.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';
import { applicationId } from '../cache-file.ts';
import { type CacheMetadata, readMetadata } from '../cache-metadata.ts';
import { unfinishedFile } from '../cache-paths.ts';
import { checkStructure } from '../check-structure.ts';
import { flush, removeDatabase } from './durable-files.ts';
import { copyFile, hashFile } from './file-hash.ts';
import { requireSpace } from './free-space.ts';
import { requireAllRows } from './make-snapshot.ts';
import type { Pace } from './pace.ts';
import { contradiction } from './snapshot-manifest.ts';
import type { FoundSnapshot } from './snapshot-paths.ts';

/** A snapshot, and the generation that it becomes. */
export interface CopyOrder {
  readonly snapshot: FoundSnapshot;
  readonly generation: number;
  /** The generation's file. The copy has the name of the unfinished one. */
  readonly target: string;
  readonly freeBytesMin: number;
}

/** Throws EMC-4008 without enough space, EMC-4009 if the snapshot is not what its manifest says, and EMC-4001 if it is damaged. */
export function copySnapshot(order: CopyOrder, pace: Pace): void {
  const { snapshot, target, freeBytesMin } = order;
  const { manifest, files } = snapshot;
  const copy = unfinishedFile(target);
  const { size } = statSync(files.database);
  if (size !== manifest.bytes) throw unfit(`it has ${size} bytes, and its manifest says ${manifest.bytes}`);
  requireSpace(dirname(target), { bytes: size, reserve: freeBytesMin });
  removeDatabase(copy);
  try {
    copyFile(files.database, copy, pace);
    flush(copy);
    // Of the copy, which is what the cache will be.
    if (hashFile(copy, pace) !== manifest.sha256) throw unfit('its checksum differs from that of its manifest');
    becomeGeneration(copy, order);
    flush(copy);
  } catch (error) {
    removeDatabase(copy);
    throw error;
  }
}

function becomeGeneration(copy: string, { snapshot: { manifest }, generation }: CopyOrder): void {
  const metadata = metadataOf(copy);
  const difference = contradiction(manifest, metadata);
  if (difference !== null) throw unfit(difference);
  checkStructure({ path: copy, entityId: manifest.entityId, thorough: true });
  requireAllRows(copy, manifest);
  const database = new Database(copy, { fileMustExist: true });
  try {
    database.pragma(`user_version = ${generation}`);
    database.prepare("UPDATE metadata SET value = ? WHERE key = 'generation'").run(String(generation));
  } finally {
    database.close();
  }
}

function metadataOf(copy: string): CacheMetadata {
  const database = new Database(copy, { readonly: true, fileMustExist: true });
  try {
    if (database.pragma('application_id', { simple: true }) !== applicationId) throw unfit('it is not a cache');
    return readMetadata(database, copy);
  } finally {
    database.close();
  }
}

function unfit(detail: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-4009', detail });
}
