import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { Pace } from './pace.ts';

/** SHA-256 of a file, hexadecimal. */
export function hashFile(path: string, pace: Pace): string {
  const hash = createHash('sha256');
  readFile(path, pace, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}

/** Replaces `to`. Neither file may be open in SQLite. */
export function copyFile(from: string, to: string, pace: Pace): void {
  const descriptor = openSync(to, 'w');
  try {
    readFile(from, pace, (bytes) => writeWhole(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

function readFile(path: string, pace: Pace, each: (bytes: Uint8Array) => void): void {
  const descriptor = openSync(path, 'r');
  const buffer = Buffer.alloc(pace.stepBytes);
  try {
    for (;;) {
      const count = readSync(descriptor, buffer);
      if (count === 0) return;
      each(buffer.subarray(0, count));
      pace.spend(count);
    }
  } finally {
    closeSync(descriptor);
  }
}
