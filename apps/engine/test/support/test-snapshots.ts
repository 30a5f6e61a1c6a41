import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { requestSnapshots, type SnapshotRecord, snapshotsOfJob } from '@emcachers/db/snapshot/snapshots';
import { expect } from 'vitest';
import type { TestOplog } from './test-oplog.ts';
import type { RunningReplicator } from './test-replicator.ts';

/** Asks a node for a snapshot, and waits for its end. */
export async function snapshot(
  oplog: TestOplog,
  running: RunningReplicator,
  { entityId, nodeId = 'test' }: { entityId: number; nodeId?: string },
): Promise<SnapshotRecord> {
  const jobId = randomUUID();
  const { pool } = oplog.database;
  await requestSnapshots(pool, { entityId, jobId, nodeIds: [nodeId] });
  running.replicator.entitiesChanged();
  const ended = async () =>
    (await snapshotsOfJob(pool, jobId)).find(({ state }) => state !== 'requested' && state !== 'running');
  await expect.poll(ended, { timeout: 30_000, interval: 20 }).toBeDefined();
  const found = await ended();
  if (found === undefined) throw new Error('The snapshot went away.');
  return found;
}

/** The files of all snapshots in a folder, by the paths of their manifests. */
export function manifestsIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

export function readManifestAt(path: string): SnapshotManifest {
  return JSON.parse(readFileSync(path, 'utf8')) as SnapshotManifest;
}

export function rewriteManifest(path: string, change: Partial<SnapshotManifest>): void {
  writeFileSync(path, JSON.stringify({ ...readManifestAt(path), ...change }));
}

/** The file that a manifest describes. */
export function fileOf(manifestPath: string): string {
  return join(dirname(manifestPath), `${readManifestAt(manifestPath).snapshotId}.sqlite`);
}
