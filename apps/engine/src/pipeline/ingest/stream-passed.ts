import type { Clock } from '@emcachers/core/clock';
import type { OplogWriter } from '../oplog/oplog.ts';

/** How often the saved position is read, milliseconds. */
const pollMs = 100;

/** Resolves when every change up to `time` is in the oplog. Rejects if the signal aborts. */
export async function streamPassed(
  { writer, clock }: { readonly writer: Pick<OplogWriter, 'readPosition'>; readonly clock: Clock },
  time: bigint,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { position } = await writer.readPosition();
    if (position !== null && position.clusterTime >= time) return;
    await clock.sleep(pollMs, signal);
  }
}
