import { linkSignals } from '../linked-signal.ts';
import { LockedByTransaction } from '../storage/document-access.ts';
import type { CommandContext } from './command.ts';

/**
 * Retries `attempt` whenever the transaction that blocked it ends, as a write outside a transaction waits in mongod.
 * `first` is the error of the previous attempt; any error but LockedByTransaction is rethrown. Throws
 * MaxTimeMSExpired 50.
 */
export async function retryWhenUnlocked<Result>(
  context: CommandContext,
  first: unknown,
  attempt: () => Result,
): Promise<Result> {
  let error = first;
  for (;;) {
    if (!(error instanceof LockedByTransaction)) throw error;
    await waitForUnlock(context, error);
    try {
      return attempt();
    } catch (next) {
      error = next;
    }
  }
}

/** Waits for the end of the transaction that has locked a document. Throws what `turns.check` throws. */
export async function waitForUnlock(
  { server, deadlineMs, operation, turns }: CommandContext,
  { ended }: LockedByTransaction,
): Promise<void> {
  using stop = linkSignals([operation.signal]);
  const leftMs = deadlineMs === null ? Number.POSITIVE_INFINITY : deadlineMs - server.clock.monotonicMs();
  await Promise.race([ended, server.clock.sleep(leftMs, stop.signal)]);
  stop.abort();
  // Even if the transaction has ended long ago: a retry in the same turn could starve every other client.
  await server.store.group.nextTurn();
  turns.check();
}
