/**
 * Reads documents of a live entity again, beside the stream. The rules are those of a refresh: what was read is written only once the
 * stream has passed the reading, and only for documents that nothing newer was appended for (I6). So no reader sees a document go
 * back, and a deleted document does not return. Worst case: a busy document is never written here; it does not need to be.
 */
import type { Clock } from '@emcachers/core/clock';
import { emptyColumnCounts } from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Operation } from '@emcachers/core/operation';
import type { Database } from '@emcachers/db/database';
import { type RereadStart, readRereadStart } from '@emcachers/db/statements/reread-documents';
import type { LargeDocuments } from '../change-source/large-documents.ts';
import type { Route } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { EntityFailure, RereadDocuments } from '../oplog/oplog-types.ts';
import { streamPassed } from './stream-passed.ts';

/** How many documents ended in each way. */
export interface RereadTally {
  written: number;
  /** No longer in the source or in the filter, and therefore deleted from the caches. */
  gone: number;
  /** Cannot be projected: dead letters. */
  refused: number;
  /** Changed meanwhile, and therefore left to the stream. */
  changed: number;
}

/** What was read from the source. */
export interface Reading {
  readonly documents: readonly Uint8Array[];
  /** DocIDs that the source no longer has. */
  readonly gone: readonly string[];
  /** An operation time of the source that is not before the reading. */
  readonly readTime: bigint;
}

export interface RereadContext {
  readonly database: Pick<Database, 'pool'>;
  readonly writer: OplogWriter;
  readonly clock: Clock;
  readonly largeDocuments: LargeDocuments;
  readonly route: Route;
  readonly signal: AbortSignal;
  readonly tally: RereadTally;
}

/** Bytes of encoded rows per transaction, at least one row. */
const rowBytesPerWriteMax = 4 * 1024 * 1024;

/**
 * Calls `read` with the time before which it must not read, and writes what it gives. Reads again if a scan began or the source was replaced
 * meanwhile. Throws EMC-5004 if the changes of the entity no longer go to the oplog.
 */
export async function reread<Read extends Reading>(
  context: RereadContext,
  read: (notBefore: bigint) => Promise<Read>,
): Promise<Read> {
  const { database, writer, route, signal, tally } = context;
  for (;;) {
    signal.throwIfAborted();
    const start = await readRereadStart(database.pool, route.entityId);
    if (start === null) throw new EmcachersError({ code: 'EMC-5002', detail: 'The entity was deleted meanwhile.' });
    // Read after the head, so that the position covers every entry up to the head.
    const { position } = await writer.readPosition();
    const reading = await read(position?.clusterTime ?? 0n);
    const written = await writeReading(context, start, reading);
    if (written === null) continue;
    add(tally, written);
    return reading;
  }
}

/** Null if the documents must be read again. */
async function writeReading(context: RereadContext, start: RereadStart, reading: Reading): Promise<RereadTally | null> {
  const { route, largeDocuments, signal } = context;
  const total = emptyTally();
  if (reading.documents.length + reading.gone.length === 0) return total;
  await streamPassed(context, reading.readTime, signal);
  const gone = reading.gone.map((docId): Operation => deletion(route.entityId, docId));
  const counts = emptyColumnCounts(route.shape.columns.length);
  let written =
    gone.length === 0 || (await write(context, { start, operations: gone, deadLetters: [], counts }, total));
  for (let done = 0; written && done < reading.documents.length; ) {
    signal.throwIfAborted();
    const part = await largeDocuments.convertPage(reading.documents.slice(done), route, {
      bytesMax: rowBytesPerWriteMax,
      outside: 'delete',
    });
    const { items: operations, deadLetters, failures } = part.conversion;
    await failEntity(context, start, failures);
    written = await write(context, { start, operations, deadLetters, counts: part.counts }, total);
    done += part.documents;
  }
  return written ? total : null;
}

/** False if the documents must be read again. */
async function write({ writer }: RereadContext, documents: RereadDocuments, total: RereadTally): Promise<boolean> {
  const outcome = await writer.appendReread(documents);
  if (outcome.kind === 'superseded') throw notLive();
  if (outcome.kind === 'ok') add(total, outcome);
  return outcome.kind === 'ok';
}

/** A document may fail its entity, if a column of the shape says so. */
async function failEntity(
  { writer }: RereadContext,
  { entityId, runId }: RereadStart,
  [failure]: readonly EntityFailure[],
): Promise<void> {
  if (failure === undefined) return;
  await writer.failScan({ entityId, runId, errorCode: failure.errorCode, reason: failure.reason });
  throw new EmcachersError({ code: failure.errorCode, detail: failure.reason });
}

function notLive(): EmcachersError {
  const detail = 'The entity is not live any more. Its next scan reads every document.';
  return new EmcachersError({ code: 'EMC-5004', detail });
}

function deletion(entityId: number, docId: string): Operation {
  return { kind: 'Delete', entityId, docId, data: null, sourceTimeMs: null };
}

export function emptyTally(): RereadTally {
  return { written: 0, gone: 0, refused: 0, changed: 0 };
}

function add(to: RereadTally, more: Readonly<RereadTally>): void {
  to.written += more.written;
  to.gone += more.gone;
  to.refused += more.refused;
  to.changed += more.changed;
}
