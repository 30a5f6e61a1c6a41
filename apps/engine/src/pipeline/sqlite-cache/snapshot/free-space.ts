import { statfsSync } from 'node:fs';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Throws EMC-4008 if the disk of the directory has less free space than this, in bytes. */
export function requireSpace(directory: string, { bytes, reserve }: { bytes: number; reserve: number }): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= bytes + reserve) return;
  const detail = `${directory} has ${inMegabytes(free)} MB free. The file needs ${inMegabytes(bytes)} MB, and EMCACHERS_SNAPSHOT_FREE_MB keeps ${inMegabytes(reserve)} MB free.`;
  throw new EmcachersError({ code: 'EMC-4008', detail });
}

function inMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}
