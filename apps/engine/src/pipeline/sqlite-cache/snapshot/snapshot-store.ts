/**
 * The snapshots of a node's caches: files beside the caches, which nodes start from. Nothing here opens a cache for writing.
 *
 * Guarantees: a snapshot is one state of a published cache and one file, complete without a log; it has its name only after it was
 * checked and is on the disk; readers and the writer of the cache do not wait for it. A copy of a snapshot is used only if its size,
 * checksum, structure, number of rows and metadata are those of its manifest.
 * Call order: any; but one `make` at a time, and `removeUnfinished` never beside it.
 * Failures: EMC-4008 without enough free space, EMC-4009 for everything else that a snapshot fails by, with the reason.
 * Not promised: that a snapshot fits an oplog. Whoever starts from one compares history, term and horizon first.
 */
import { join, resolve } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { toCacheError } from '../cache-error.ts';
import { CachePaths } from '../cache-paths.ts';
import type { CacheIdentity } from '../cache-types.ts';
import { runSnapshotThread, type ThreadRun } from './run-snapshot-thread.ts';
import { type SnapshotLimits, snapshotDefaults } from './snapshot-limits.ts';
import {
  type FoundSnapshot,
  type FoundSnapshots,
  findSnapshots,
  removeSnapshot,
  removeUnfinished,
  snapshotFiles,
  snapshotsOfNode,
} from './snapshot-paths.ts';

/** A request to make a snapshot. */
export interface SnapshotRequest {
  readonly snapshotId: string;
  readonly identity: CacheIdentity;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Called with the bytes that were copied. */
  readonly onProgress: (bytes: number) => void;
}

/** Where a copy of a snapshot goes: `target` is the generation's file, and the copy has the name of its unfinished one. */
export interface SnapshotCopy {
  readonly generation: number;
  readonly target: string;
  readonly signal: AbortSignal;
}

export interface SnapshotStore {
  /** Makes a snapshot of the published cache. The same id replaces what it had made. */
  make(request: SnapshotRequest): Promise<SnapshotManifest>;
  /** The snapshots that this node has made, newest first. Throws EMC-4003 if they cannot be listed. */
  own(): Promise<readonly FoundSnapshot[]>;
  /** Throws EMC-4003 if it cannot be deleted. */
  remove(snapshot: FoundSnapshot): Promise<void>;
  /** Deletes what a killed process left behind; returns the paths. */
  removeUnfinished(): Promise<readonly string[]>;
  /** All snapshots of an entity that a node may start from, by name only. Throws EMC-4003 if they cannot be listed. */
  find(entityName: string): Promise<FoundSnapshots>;
  /** Puts a checked copy at `target`. The snapshot is not changed. */
  copy(snapshot: FoundSnapshot, copy: SnapshotCopy): Promise<void>;
  /** How many snapshots of an entity are kept. */
  readonly kept: number;
}

export interface SnapshotStoreOptions extends Partial<SnapshotLimits> {
  /** Of the engine. */
  readonly dataDirectory: string;
  readonly nodeId: string;
}

export function openSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  const { dataDirectory, nodeId } = options;
  const { bytesPerSecond, kept, freeBytesMin, directory, startDirectory } = { ...snapshotDefaults, ...options };
  const folder = resolve(directory ?? join(dataDirectory, 'snapshots'));
  const nodeFolder = join(folder, nodeId);
  const folders = [folder, ...(startDirectory === null ? [] : [resolve(startDirectory)])];
  const run = (thread: Omit<ThreadRun, 'bytesPerSecond'>) =>
    runSnapshotThread({ ...thread, bytesPerSecond }).catch((error: unknown) => {
      throw asSnapshotError(error);
    });
  return {
    kept,
    async make({ snapshotId, identity, nowMs, signal, onProgress }) {
      const { entityId, entityName, rebuildRequested } = identity;
      const source = publishedFile(dataDirectory, entityName);
      const files = snapshotFiles(join(nodeFolder, entityName), snapshotId);
      const about = { source, entityId, entityName, rebuildRequested, snapshotId, nodeId, nowMs };
      const manifest = await run({ order: { kind: 'make', ...about, files, freeBytesMin }, signal, onProgress });
      if (manifest === null) throw new EmcachersError({ code: 'EMC-4009', detail: 'No manifest was written.' });
      return manifest;
    },
    own: () => guarded(nodeFolder, async () => newestFirst(await snapshotsOfNode(nodeFolder))),
    remove: ({ files }) => guarded(files.manifest, () => removeSnapshot(files)),
    removeUnfinished: () => guarded(nodeFolder, () => removeUnfinished(nodeFolder)),
    find: (entityName) =>
      guarded(folders.join(', '), async () => {
        const all = await Promise.all(folders.map((each) => findSnapshots(each, entityName)));
        return { found: all.flatMap(({ found }) => found), unreadable: all.flatMap(({ unreadable }) => unreadable) };
      }),
    async copy(snapshot, { generation, target, signal }) {
      await run({ order: { kind: 'copy', snapshot, generation, target, freeBytesMin }, signal });
    },
  };
}

/** Throws EMC-4009 if the node has no published cache of the entity. */
function publishedFile(dataDirectory: string, entityName: string): string {
  const paths = new CachePaths(resolve(dataDirectory), entityName);
  const generation = paths.published();
  if (generation !== null) return paths.file(generation);
  throw new EmcachersError({ code: 'EMC-4009', detail: `This node has no published cache of ${entityName}.` });
}

function newestFirst(snapshots: readonly FoundSnapshot[]): FoundSnapshot[] {
  return snapshots.toSorted((left, right) => right.manifest.madeAt.localeCompare(left.manifest.madeAt));
}

/** A full disk concerns the snapshot alone, and so does a file that cannot be read. */
function asSnapshotError(error: unknown): EmcachersError {
  const { code, detail } = toCacheError(error, 'snapshot');
  if (code === 'EMC-4008' || code === 'EMC-4009') return new EmcachersError({ code, detail, cause: error });
  const isFull = code === 'EMC-4002';
  return new EmcachersError({ code: isFull ? 'EMC-4008' : 'EMC-4009', detail: `${code} ${detail}`, cause: error });
}

async function guarded<Result>(path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw toCacheError(error, path);
  }
}
