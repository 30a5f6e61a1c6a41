import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory and what is missing above it, one level at a time. Node's own recursive mkdir never returns where a
 * parent says ENOENT although it exists, as /proc does (nodejs/node, `MKDirpAsync`): the engine would spin at start.
 * Throws the system's error of the level that cannot be made.
 */
export function makeDirectory(directory: string): void {
  const absolute = path.resolve(directory);
  const missing: string[] = [];
  for (let level = absolute; !exists(level); level = path.dirname(level)) missing.push(level);
  for (const level of missing.reverse()) makeLevel(level);
}

/** Another process may make the same level at the same moment, which is as good. */
function makeLevel(level: string): void {
  try {
    mkdirSync(level);
  } catch (error) {
    if (!statSync(level, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function exists(level: string): boolean {
  const entry = statSync(level, { throwIfNoEntry: false });
  return entry !== undefined || level === path.dirname(level);
}
