/**
 * What a snapshot says about itself, in a JSON file beside it. A snapshot exists from the moment that this file has its name, which
 * is the last step of making one. Its file says the same about itself, and both must agree before it is used.
 */
import { readFile } from 'node:fs/promises';
import { type SnapshotManifest, snapshotManifestSchema } from '@emcachers/core/snapshot-manifest';
import { z } from 'zod';
import type { CacheMetadata } from '../cache-metadata.ts';
import { writeDurably } from './durable-files.ts';

export interface FileFacts {
  readonly snapshotId: string;
  readonly nodeId: string;
  readonly metadata: CacheMetadata;
  readonly bytes: number;
  readonly sha256: string;
  readonly madeAtMs: number;
}

export function manifestOf({ snapshotId, nodeId, metadata, bytes, sha256, madeAtMs }: FileFacts): SnapshotManifest {
  const { entityId, entity: entityName, shapeHash, historyId, termId, rebuild, offset, horizon, documents } = metadata;
  return {
    format: 1,
    snapshotId,
    nodeId,
    entityId,
    entityName,
    shapeHash,
    historyId,
    termId,
    rebuild,
    offset,
    horizon,
    documents,
    sourceTime: metadata.sourceTime?.toString() ?? null,
    bytes,
    sha256,
    madeAt: new Date(madeAtMs).toISOString(),
  };
}

/** Why a file is not the one that the manifest describes; null if it is. */
export function contradiction(manifest: SnapshotManifest, metadata: CacheMetadata): string | null {
  const { snapshotId, nodeId, bytes, sha256, madeAt } = manifest;
  const ofFile = manifestOf({ snapshotId, nodeId, metadata, bytes, sha256, madeAtMs: Date.parse(madeAt) });
  const { madeAt: _, ...said } = manifest;
  const differing = Object.entries(said).find(([key, value]) => Reflect.get(ofFile, key) !== value);
  return differing === undefined ? null : `its file has another ${differing[0]} than its manifest`;
}

/** Throws the file system's error, or an Error that says what is wrong with the manifest. */
export async function readManifest(path: string): Promise<SnapshotManifest> {
  const text = await readFile(path, 'utf8');
  const read = snapshotManifestSchema.safeParse(parsed(text));
  if (read.success) return read.data;
  throw new Error(`it is no manifest of a snapshot: ${z.prettifyError(read.error)}`);
}

export function writeManifest(path: string, manifest: SnapshotManifest): void {
  writeDurably(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
