/**
 * Reads documents that have dead letters again, by their `_id`. The rules are those of a scan: what was read is written only
 * once the saved position has passed an operation time taken after the read, so that no reader sees a document go back; and
 * only if the document has not changed since (`retry-writer.ts`). Memory is bounded by one reply of MongoDB.
 */
import type { Clock } from '@emcachers/core/clock';
import { keyOfDocId } from '@emcachers/core/document/doc-id-key';
import type { ProjectionOptions } from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Operation } from '@emcachers/core/operation';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Database } from '@emcachers/db/database';
import { type RetriedLetter, readLetterExtent, readLettersToRetry } from '@emcachers/db/statements/retry-dead-letters';
import type { MongoSource } from '../change-source/change-source.ts';
import { isReadableKey } from '../change-source/keyed-documents.ts';
import { LargeDocuments, largeDocumentBytesDefault } from '../change-source/large-documents.ts';
import { compileRoute, type Route } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { RetryOutcome } from '../oplog/oplog-types.ts';
import { streamPassed } from './stream-passed.ts';

/** What became of the dead letters. */
export interface RetryTally {
  /** Letters at the start. */
  readonly total: number;
  copied: number;
  /** Documents that no longer exist, or are outside of the filter now. */
  gone: number;
  /** Refused again. */
  refused: number;
  /** Changed, discarded or removed meanwhile, by the stream, a scan or an operator. */
  changed: number;
  /** Documents whose `_id` cannot be sent back to MongoDB, so that they cannot be looked up. */
  unreadable: number;
}

export interface RetryRequest {
  readonly entity: Pick<EntityRecord, 'entityId' | 'entityName' | 'sourceName' | 'columns' | 'where' | 'maskKeyId'>;
  /** Null: all documents of the entity that have a dead letter. */
  readonly docIds: readonly string[] | null;
  readonly signal: AbortSignal;
  readonly onProgress: (tally: RetryTally) => Promise<void>;
}

/** Resolves when every letter was tried once. Throws EMC-5004 if the entity does not stay live, EMC-200x and EMC-300x as ingest does. */
export type RetryDeadLetters = (request: RetryRequest) => Promise<RetryTally>;

export interface RetryDependencies {
  readonly database: Pick<Database, 'pool'>;
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly clock: Clock;
  readonly projection: Required<ProjectionOptions>;
  /** Documents with more bytes are projected in a thread. */
  readonly largeDocumentBytes?: number;
}

const lettersPerReadMax = 200;
/** Bytes of encoded rows per transaction, at least one row. */
const rowBytesPerWriteMax = 4 * 1024 * 1024;

export function createDeadLetterRetry(dependencies: RetryDependencies): RetryDeadLetters {
  return async (request) => {
    const { entity, docIds, signal, onProgress } = request;
    const { pool } = dependencies.database;
    const { entityId } = entity;
    const { count, lastId } = await readLetterExtent(pool, { entityId, docIds });
    const tally: RetryTally = { total: count, copied: 0, gone: 0, refused: 0, changed: 0, unreadable: 0 };
    const { projection, largeDocumentBytes = largeDocumentBytesDefault } = dependencies;
    const route = compileRoute(entity, projection);
    await using largeDocuments = new LargeDocuments({ ...projection, largeDocumentBytes });
    for (let afterId = 0; afterId < lastId; ) {
      signal.throwIfAborted();
      const letters = await readLettersToRetry(pool, { entityId, docIds, afterId, limit: lettersPerReadMax });
      const due = letters.filter(({ id }) => id <= lastId);
      await retryAll(dependencies, { ...request, route, largeDocuments, tally }, due);
      await onProgress(tally);
      afterId = letters.at(-1)?.id ?? lastId;
    }
    return tally;
  };
}

interface RetryRun extends RetryRequest {
  readonly route: Route;
  readonly largeDocuments: LargeDocuments;
  readonly tally: RetryTally;
}

interface KeyedLetter {
  readonly letter: RetriedLetter;
  readonly key: Uint8Array;
}

async function retryAll(
  dependencies: RetryDependencies,
  run: RetryRun,
  letters: readonly RetriedLetter[],
): Promise<void> {
  let pending = letters.flatMap(withKey);
  run.tally.unreadable += letters.length - pending.length;
  // A reply may be full before all documents are in it.
  while (pending.length > 0) pending = await retryOnce(dependencies, run, pending);
}

function withKey(letter: RetriedLetter): KeyedLetter[] {
  const key = letter.documentKey ?? keyOfDocId(letter.docId);
  return key !== null && isReadableKey(key) ? [{ letter, key }] : [];
}

/** Returns the letters whose documents were not in the reply because it was full, or whose rows are left for the next write. */
async function retryOnce(
  dependencies: RetryDependencies,
  run: RetryRun,
  pending: readonly KeyedLetter[],
): Promise<KeyedLetter[]> {
  const { source, writer } = dependencies;
  const { route, tally } = run;
  const saved = await writer.readPosition();
  const { documents, isComplete } = await source.readDocuments({
    namespace: route.namespace,
    keys: pending.map(({ key }) => key),
    notBefore: saved.position?.clusterTime ?? 0n,
    keysOnly: false,
  });
  await streamPassed(dependencies, await source.operationTime(), run.signal);
  const page = await run.largeDocuments.convertPage(documents, route, {
    bytesMax: rowBytesPerWriteMax,
    outside: 'delete',
  });
  const { conversion, counts, documents: converted } = page;
  const isEnd = isComplete && converted === documents.length;
  const found = new Map(conversion.items.map((operation) => [operation.docId, operation]));
  const settled = pending.filter(({ letter }) => isEnd || found.has(letter.docId));
  const operations = settled.map(({ letter }) => found.get(letter.docId) ?? goneOf(route.entityId, letter.docId));
  const letters = settled.map(({ letter }) => letter);
  const { deadLetters } = conversion;
  add(tally, await writer.appendRetry({ entityId: route.entityId, letters, operations, deadLetters, counts }));
  return pending.filter((each) => !settled.includes(each));
}

function goneOf(entityId: number, docId: string): Operation {
  return { kind: 'Delete', entityId, docId, data: null, sourceTimeMs: null };
}

function add(tally: RetryTally, outcome: RetryOutcome): void {
  if (outcome.kind === 'superseded')
    throw new EmcachersError({
      code: 'EMC-5004',
      detail: 'The entity is not live any more. Its next scan reads every document again.',
    });
  tally.copied += outcome.copied;
  tally.gone += outcome.gone;
  tally.refused += outcome.refused;
  tally.changed += outcome.changed;
}
