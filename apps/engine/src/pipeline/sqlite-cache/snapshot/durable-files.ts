/** File operations that survive a power failure. None is used on a file that SQLite has open: closing it would drop SQLite's locks. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { databaseSuffixes, unfinishedFile } from '../cache-paths.ts';

/** Resolves once the file or directory is on the disk. */
export function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The file has its name only after its bytes are on the disk. */
export function renameDurably(from: string, to: string): void {
  flush(from);
  renameSync(from, to);
  flush(dirname(to));
}

export function writeDurably(path: string, text: string): void {
  const next = unfinishedFile(path);
  const descriptor = openSync(next, 'w');
  try {
    writeSync(descriptor, text);
  } finally {
    closeSync(descriptor);
  }
  renameDurably(next, path);
}

/** With what SQLite may have left beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of databaseSuffixes) rmSync(path + suffix, { force: true });
}
