/** Entry point of a thread that makes or copies one snapshot. It blocks while it waits, so it never runs on the engine's event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../runtime/clock.ts';
import { toCacheError } from '../cache-error.ts';
import { copySnapshot } from './copy-snapshot.ts';
import { makeSnapshot } from './make-snapshot.ts';
import { Pace } from './pace.ts';
import type { SnapshotAnswer, SnapshotTask } from './snapshot-protocol.ts';

await start(workerData);

async function start(task: SnapshotTask): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('snapshot-thread.ts must run as a worker thread.');
  const send = (answer: SnapshotAnswer): void => port.postMessage(answer);
  const { bytesPerSecond, stop } = task;
  const pace = new Pace({ bytesPerSecond, stop, clock: systemClock });
  try {
    send({ kind: 'done', manifest: await perform(task, pace, (bytes) => send({ kind: 'progress', bytes })) });
  } catch (error) {
    const { code, detail } = toCacheError(error, task.order.kind === 'make' ? 'snapshot' : 'copy');
    send({ kind: 'error', code, detail });
  }
}

async function perform({ order }: SnapshotTask, pace: Pace, onProgress: (bytes: number) => void) {
  if (order.kind === 'make') return makeSnapshot(order, pace, onProgress);
  copySnapshot(order, pace);
  return null;
}
