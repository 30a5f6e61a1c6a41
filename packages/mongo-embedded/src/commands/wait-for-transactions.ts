import type { Collection } from '../storage/catalog.ts';
import { LockedByTransaction } from '../storage/document-access.ts';
import type { CommandContext } from './command.ts';
import { retryWhenUnlocked } from './retry-when-unlocked.ts';

/** Waits until no open transaction has locked a document of the collection, as schema changes do in mongod. */
export async function waitForTransactions(context: CommandContext, find: () => Collection | undefined): Promise<void> {
  for (;;) {
    const collection = find();
    const owner = collection === undefined ? undefined : [...context.server.locks.owners(collection)][0];
    if (owner === undefined) return;
    await retryWhenUnlocked(context, new LockedByTransaction(owner.ended), () => undefined);
  }
}
