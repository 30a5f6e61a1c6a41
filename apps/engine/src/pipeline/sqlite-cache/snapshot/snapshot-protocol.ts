/** Messages between the engine and a thread that makes or copies a snapshot. */
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import type { CopyOrder } from './copy-snapshot.ts';
import type { MakeOrder } from './make-snapshot.ts';
import type { PaceOptions } from './pace.ts';

export type SnapshotOrder = ({ readonly kind: 'make' } & MakeOrder) | ({ readonly kind: 'copy' } & CopyOrder);

export interface SnapshotTask extends Omit<PaceOptions, 'clock'> {
  readonly order: SnapshotOrder;
}

/** `done`: the manifest of a snapshot that was made, or null. Errors lose their class between threads. */
export type SnapshotAnswer =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'done'; readonly manifest: SnapshotManifest | null }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly detail: string };
