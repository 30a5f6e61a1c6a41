/**
 * Where snapshots are: `<folder>/<node>/<entity>/<id>.sqlite`, with `<id>.json` beside it. Several nodes may share a folder. Each writes
 * and deletes in the part of its own name only, and may start from any.
 */
import { type Dirent, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { removeDatabase } from './durable-files.ts';
import { readManifest } from './snapshot-manifest.ts';

export interface SnapshotFiles {
  readonly database: string;
  readonly manifest: string;
}

export interface FoundSnapshot {
  readonly manifest: SnapshotManifest;
  readonly files: SnapshotFiles;
}

/** A manifest that cannot be used. */
export interface UnreadableSnapshot {
  readonly path: string;
  readonly reason: string;
}

export interface FoundSnapshots {
  readonly found: readonly FoundSnapshot[];
  readonly unreadable: readonly UnreadableSnapshot[];
}

const manifestName = /^([0-9a-f-]{36})\.json$/;
const wholeName = /^[0-9a-f-]{36}\.(?:sqlite|json)$/;
/** What is made in a directory of an entity: files with another name are not ours, and stay. */
const ownName = /^[0-9a-f-]{36}\.(?:sqlite|json)(?:\.new)?(?:-wal|-shm|-journal)?$/;
/** Directories and files that are looked at in one directory, at most. */
const entriesMax = 1_000;

export function snapshotFiles(directory: string, snapshotId: string): SnapshotFiles {
  return { database: join(directory, `${snapshotId}.sqlite`), manifest: join(directory, `${snapshotId}.json`) };
}

/** Snapshots of an entity in a folder, of all nodes; also those whose directories were copied without that of the node. */
export function findSnapshots(folder: string, entityName: string): FoundSnapshots {
  const nodes = entriesOf(folder).filter(isDirectory);
  const directories = [entityName, ...nodes.map(({ name }) => join(name, entityName))];
  const all = directories.map((directory) => snapshotsIn(join(folder, directory)));
  return { found: all.flatMap(({ found }) => found), unreadable: all.flatMap(({ unreadable }) => unreadable) };
}

/** Everything that one node has made. */
export function snapshotsOfNode(nodeFolder: string): readonly FoundSnapshot[] {
  const entities = entriesOf(nodeFolder).filter(isDirectory);
  return entities.flatMap(({ name }) => snapshotsIn(join(nodeFolder, name)).found);
}

/** The manifest first: without it, the rest is what a kill has left. */
export function removeSnapshot({ database, manifest }: SnapshotFiles): void {
  rmSync(manifest, { force: true });
  removeDatabase(database);
}

/** Removes what is not a file with its manifest; returns the paths. Nothing may be made in the folder meanwhile. */
export function removeUnfinished(nodeFolder: string): readonly string[] {
  return entriesOf(nodeFolder)
    .filter(isDirectory)
    .flatMap(({ name }) => removeUnfinishedIn(join(nodeFolder, name)));
}

function removeUnfinishedIn(directory: string): string[] {
  const names = entriesOf(directory).map(({ name }) => name);
  const isWhole = (name: string): boolean =>
    wholeName.test(name) && ['sqlite', 'json'].every((kind) => names.includes(`${name.slice(0, 36)}.${kind}`));
  const leftovers = names.filter((name) => ownName.test(name) && !isWhole(name));
  for (const name of leftovers) rmSync(join(directory, name), { force: true });
  return leftovers.map((name) => join(directory, name));
}

function snapshotsIn(directory: string): FoundSnapshots {
  const found: FoundSnapshot[] = [];
  const unreadable: UnreadableSnapshot[] = [];
  for (const { name } of entriesOf(directory)) {
    const snapshotId = manifestName.exec(name)?.[1];
    if (snapshotId === undefined) continue;
    const files = snapshotFiles(directory, snapshotId);
    try {
      found.push({ manifest: readManifest(files.manifest), files });
    } catch (error) {
      unreadable.push({ path: files.manifest, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { found, unreadable };
}

/** Empty if the directory does not exist. */
function entriesOf(directory: string): Dirent[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).slice(0, entriesMax);
}

function isDirectory(entry: Dirent): boolean {
  return entry.isDirectory();
}
