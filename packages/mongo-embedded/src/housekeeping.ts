import { MongoFailure } from './error/mongo-failure.ts';
import type { ServerState } from './server-state.ts';
import type { Collection } from './storage/catalog.ts';
import { DirectAccess } from './storage/direct-access.ts';
import { LockedByTransaction } from './storage/document-access.ts';
import { removeDroppedTables } from './storage/dropped-tables.ts';
import { expiredDocuments } from './storage/expired-documents.ts';
import { Turns } from './turns.ts';

const roundMs = 1000;

/**
 * Maximum bytes of old versions kept for open snapshots. Beyond this, snapshots are dropped, as mongod does under
 * cache pressure.
 */
const versionBytesMax = 512 * 1024 * 1024;

/**
 * Periodic work: closes idle cursors, expires transactions, sessions and snapshots, and deletes expired documents.
 * Runs until the signal aborts.
 */
export async function startHousekeeping(server: ServerState, signal: AbortSignal): Promise<void> {
  let lastExpiryMs = server.clock.monotonicMs();
  while (!signal.aborted) {
    await server.clock.sleep(roundMs, signal);
    await server.store.group.blocked;
    if (signal.aborted) return;
    endWhatIsOver(server);
    if (server.member !== null && server.member.role !== 'primary') continue;
    await removeDropped(server, signal);
    if (!isExpiryDue(server, lastExpiryMs)) continue;
    lastExpiryMs = server.clock.monotonicMs();
    await expireStored(server, signal);
  }
}

function isExpiryDue({ clock, parameters }: ServerState, lastExpiryMs: number): boolean {
  const { ttlMonitorEnabled, ttlMonitorSleepSecs } = parameters;
  return ttlMonitorEnabled && clock.monotonicMs() - lastExpiryMs >= ttlMonitorSleepSecs * 1000;
}

/** Deletes stored sessions and documents that have expired. */
async function expireStored(server: ServerState, signal: AbortSignal): Promise<void> {
  try {
    server.sessions.forgetStored(server.parameters.localLogicalSessionTimeoutMinutes * 60_000);
    await deleteExpired(server, signal);
  } catch (error) {
    // The disk is full or damaged: the group is rolled back, its writers get the error, and the next round retries.
    server.store.group.fail(error);
  }
}

async function removeDropped({ clock, store }: ServerState, signal: AbortSignal): Promise<void> {
  const operation = { check: () => stopAt(signal) };
  const turns = new Turns({ clock, group: store.group, operation, deadlineMs: null });
  try {
    await removeDroppedTables(store.sqlite, { turns, enter: () => store.group.enter() });
  } catch (error) {
    // The server stops, or a commit failed: the next round, or the next start, goes on.
    if (!(error instanceof MongoFailure)) store.group.fail(error);
  }
}

function stopAt(signal: AbortSignal): void {
  if (signal.aborted) throw new MongoFailure('InterruptedAtShutdown', 'interrupted at shutdown');
}

function endWhatIsOver({ cursors, parameters, sessions, snapshots, store }: ServerState): void {
  const { cursorTimeoutMillis, transactionLifetimeLimitSeconds, localLogicalSessionTimeoutMinutes } = parameters;
  cursors.closeIdle(cursorTimeoutMillis);
  sessions.expire({
    transactionMsMax: transactionLifetimeLimitSeconds * 1000,
    sessionMsMax: localLogicalSessionTimeoutMinutes * 60_000,
  });
  const isTooMuch = store.versions.bytes > versionBytesMax;
  snapshots.expire(isTooMuch);
  if (isTooMuch) sessions.abortAll();
}

/** One pass of the TTL monitor; yields to other clients between pages. */
export async function deleteExpired(server: ServerState, signal: AbortSignal): Promise<void> {
  const { catalog } = server.store;
  for (const { database, name } of catalog.databases().flatMap((each) => catalog.collections(each))) {
    const collection = catalog.find(database, name);
    if (collection !== undefined) await deleteExpiredIn(server, collection, signal);
  }
}

async function deleteExpiredIn(
  { clock, locks, store }: ServerState,
  collection: Collection,
  signal: AbortSignal,
): Promise<void> {
  const access = new DirectAccess(store, locks);
  for (const page of expiredDocuments(collection, clock.nowMs())) {
    for (const stored of page) removeUnlessHeld(() => access.remove(collection, stored));
    await store.group.nextTurn();
    if (signal.aborted || store.catalog.find(collection.database, collection.name) !== collection) return;
  }
}

/** A document that a transaction holds expires in the next pass. */
function removeUnlessHeld(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!(error instanceof LockedByTransaction)) throw error;
  }
}
