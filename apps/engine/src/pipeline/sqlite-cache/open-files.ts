import { readFileSync } from 'node:fs';

/** SQLite needs the file, its `-wal` and its `-shm`. */
const descriptorsPerFile = 3;
/** For connections to PostgreSQL, MongoDB and clients of the API. */
const descriptorsKept = 128;
/** Each open file may use 4 MB of page cache, so more descriptors do not mean more files. */
const filesMax = 200;
const filesMin = 4;

/** How many cache files may be open at once, by the descriptors that the system grants to this process. */
export function openFilesMax(descriptorsMax: number | null = readDescriptorsMax()): number {
  if (descriptorsMax === null) return filesMax;
  const budget = Math.floor((descriptorsMax - descriptorsKept) / descriptorsPerFile);
  return Math.min(filesMax, Math.max(filesMin, budget));
}

/** The soft limit of this process; null where the system does not say it or has none. */
function readDescriptorsMax(): number | null {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}
