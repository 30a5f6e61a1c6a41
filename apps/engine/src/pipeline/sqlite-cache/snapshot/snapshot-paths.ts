/**
 * Where snapshots are: `<folder>/<node>/<entity>/<id>.sqlite`, with `<id>.json` beside it. Several nodes may share a folder. Each writes
 * and deletes in the part of its own name only, and may start from any. A folder may be a mount that does not answer, so nothing here
 * blocks the event loop.
 */
import type { Dirent } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { databaseSuffixes } from '../cache-paths.ts';
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
export async function findSnapshots(folder: string, entityName: string): Promise<FoundSnapshots> {
  const nodes = await directoriesOf(folder);
  return joined([entityName, ...nodes.map((node) => join(node, entityName))].map((each) => join(folder, each)));
}

/** Everything that one node has made. */
export async function snapshotsOfNode(nodeFolder: string): Promise<readonly FoundSnapshot[]> {
  const entities = await directoriesOf(nodeFolder);
  return (await joined(entities.map((name) => join(nodeFolder, name)))).found;
}

async function joined(directories: readonly string[]): Promise<FoundSnapshots> {
  const found: FoundSnapshot[] = [];
  const unreadable: UnreadableSnapshot[] = [];
  for (const directory of directories)
    for (const one of await snapshotsIn(directory)) {
      if ('reason' in one) unreadable.push(one);
      else found.push(one);
    }
  return { found, unreadable };
}

/** The manifest first: without it, the rest is what a kill has left. */
export async function removeSnapshot({ database, manifest }: SnapshotFiles): Promise<void> {
  for (const path of [manifest, ...databaseSuffixes.map((suffix) => database + suffix)])
    await rm(path, { force: true });
}

/** Removes what is not a file with its manifest; returns the paths. Nothing may be made in the folder meanwhile. */
export async function removeUnfinished(nodeFolder: string): Promise<readonly string[]> {
  const leftovers: string[] = [];
  for (const entity of await directoriesOf(nodeFolder)) {
    const directory = join(nodeFolder, entity);
    const names = (await entriesOf(directory)).map(({ name }) => name);
    leftovers.push(...unfinishedOf(names).map((name) => join(directory, name)));
  }
  for (const path of leftovers) await rm(path, { force: true });
  return leftovers;
}

function unfinishedOf(names: readonly string[]): string[] {
  const isWhole = (name: string): boolean =>
    wholeName.test(name) && ['sqlite', 'json'].every((kind) => names.includes(`${name.slice(0, 36)}.${kind}`));
  return names.filter((name) => ownName.test(name) && !isWhole(name));
}

async function snapshotsIn(directory: string): Promise<(FoundSnapshot | UnreadableSnapshot)[]> {
  const ids = (await entriesOf(directory)).map(({ name }) => manifestName.exec(name)?.[1]);
  return Promise.all(ids.filter((id) => id !== undefined).map((id) => readSnapshot(snapshotFiles(directory, id))));
}

async function readSnapshot(files: SnapshotFiles): Promise<FoundSnapshot | UnreadableSnapshot> {
  try {
    return { manifest: await readManifest(files.manifest), files };
  } catch (error) {
    return { path: files.manifest, reason: error instanceof Error ? error.message : String(error) };
  }
}

async function directoriesOf(directory: string): Promise<string[]> {
  const directories = (await entriesOf(directory)).filter((entry) => entry.isDirectory());
  return directories.map(({ name }) => name).toSorted();
}

/** Empty if the directory does not exist. */
async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).slice(0, entriesMax);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
