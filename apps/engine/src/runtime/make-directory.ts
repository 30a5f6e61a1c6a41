import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Creates a directory and its missing parents, one level at a time. Node's recursive mkdir loops for ever if an existing
 * parent fails with ENOENT, as /proc does (nodejs/node, `MKDirpAsync`); the engine would then hang at startup.
 * Throws the system error of the level that cannot be created.
 */
export function makeDirectory(directory: string): void {
  const absolute = path.resolve(directory);
  const missing: string[] = [];
  for (let level = absolute; !exists(level); level = path.dirname(level)) missing.push(level);
  for (const level of missing.reverse()) makeLevel(level);
}

/** Another process may create the same level at the same time, which is fine. */
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
