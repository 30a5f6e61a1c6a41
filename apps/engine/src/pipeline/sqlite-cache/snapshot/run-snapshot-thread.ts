import { Worker } from 'node:worker_threads';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { onAbort } from '../../../runtime/abort.ts';
import type { SnapshotAnswer, SnapshotOrder, SnapshotTask } from './snapshot-protocol.ts';

const threadFile = new URL('./snapshot-thread.ts', import.meta.url);

export interface ThreadRun {
  readonly order: SnapshotOrder;
  readonly bytesPerSecond: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

/** Resolves, or rejects with an `EmcachersError`, once the thread has ended and no file of it is open. If the signal aborts, it ends at its next step. */
export async function runSnapshotThread(run: ThreadRun): Promise<SnapshotManifest | null> {
  const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const { order, bytesPerSecond, signal, onProgress } = run;
  const worker = new Worker(threadFile, {
    workerData: { order, bytesPerSecond, stop } satisfies SnapshotTask,
    name: 'snapshot',
  });
  using _stopping = onAbort(signal, () => {
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
  });
  const last = await lastAnswer(worker, onProgress);
  if (last.kind === 'done') return last.manifest;
  throw new EmcachersError({ code: last.code, detail: last.detail });
}

type LastAnswer = Exclude<SnapshotAnswer, { readonly kind: 'progress' }>;

/** Resolves once the thread has ended. */
function lastAnswer(worker: Worker, onProgress: ThreadRun['onProgress']): Promise<LastAnswer> {
  let last: LastAnswer = threadGone(undefined);
  worker.on('message', (answer: SnapshotAnswer) => {
    if (answer.kind === 'progress') onProgress?.(answer.bytes);
    else last = answer;
  });
  worker.on('error', (error) => {
    last = threadGone(error);
  });
  return new Promise((resolve) => worker.once('exit', () => resolve(last)));
}

function threadGone(cause: unknown): Extract<SnapshotAnswer, { kind: 'error' }> {
  const detail = `The thread of the snapshot ended${cause instanceof Error ? `: ${cause.message}` : '.'}`;
  return { kind: 'error', code: 'EMC-4003', detail };
}
