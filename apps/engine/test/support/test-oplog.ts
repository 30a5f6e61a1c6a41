import { randomUUID } from 'node:crypto';
import type { Operation } from '@emcachers/core/operation';
import { createEntity } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { defaultStreamId } from '@emcachers/db/control/streams';
import { type Database, openDatabase } from '@emcachers/db/database';
import { openCandidacy } from '@emcachers/db/leadership';
import { createTestDatabase } from '@emcachers/db/testing';
import type { OplogReader, OplogWriter } from '../../src/pipeline/oplog/oplog.ts';
import { createOplogReader } from '../../src/pipeline/oplog/oplog-reader.ts';
import type { AppendBatch, AppendItem, OplogPage, StreamPosition } from '../../src/pipeline/oplog/oplog-types.ts';
import { createOplogWriter } from '../../src/pipeline/oplog/oplog-writer.ts';
import type { OplogWriterOptions } from '../../src/pipeline/oplog/writer-options.ts';
import { getEntity } from './get-entity.ts';

/** An oplog in a database of its own, led by the test, with the steps that tests of several modules take. */
export interface TestOplog extends AsyncDisposable {
  readonly database: Database;
  readonly epoch: number;
  readonly writer: OplogWriter;
  readonly reader: OplogReader;
  /** A writer of the same term with other limits. */
  writerWith(limits: Omit<OplogWriterOptions, 'database' | 'epoch'>): OplogWriter;
  /** A pending entity of the collection of the same name, with the columns `n` (Integer) and `t` (Text). */
  create(name: string): Promise<EntityRecord>;
  entity(name: string): Promise<EntityRecord>;
  /** Scans the given documents and makes the entity live. */
  scanToLive(name: string, docIds: readonly string[]): Promise<EntityRecord>;
  /** Calls promoteChunk until it no longer moves. */
  promote(name: string, limit?: number): Promise<Awaited<ReturnType<OplogWriter['promoteChunk']>>>;
  append(...items: AppendItem[]): ReturnType<OplogWriter['append']>;
  page(...entityIds: number[]): Promise<OplogPage>;
  /** The documents of an entity after a replay of the whole oplog, with their data. */
  replay(entityId: number): Promise<Map<string, string>>;
}

export async function openTestOplog(): Promise<TestOplog> {
  const owned = await createTestDatabase();
  const oplog = await openOplogAt(owned.url);
  return {
    ...oplog,
    [Symbol.asyncDispose]: async () => {
      await oplog[Symbol.asyncDispose]();
      await owned[Symbol.asyncDispose]();
    },
  };
}

/** A stream's part of the oplog in an existing test database, led by the test in a new term. */
export async function openOplogAt(url: string, streamId = defaultStreamId): Promise<TestOplog> {
  const database = openDatabase({ url });
  const candidacy = await openCandidacy({ url, streamId, nodeId: 'test', leaseMs: 60_000 });
  const lead = await candidacy.stand();
  if (lead === null) throw new Error('Another leads in a database that was just made.');
  const { epoch } = lead;
  const writer = createOplogWriter({ database, epoch });
  const reader = createOplogReader(database);
  const entity = (name: string) => getEntity(database, name);
  const columns = [
    { name: 'n', type: 'Integer' as const, path: 'n' },
    { name: 't', type: 'Text' as const, path: 't' },
  ];
  const promote = async (name: string, limit = 10_000) => {
    const { entityId: id, runId } = await entity(name);
    for (;;) {
      const result = await writer.promoteChunk({ entityId: id, runId, limit });
      if (result.kind === 'unproven') await writer.proveScan({ entityId: id, runId, lookedUp: 0, found: [], time: 0n });
      else if (result.kind !== 'moved') return result;
    }
  };
  const page = (...entityIds: number[]) =>
    reader.readPage({ streamId, afterId: 0, entityIds, limitRows: 1_000_000, limitBytes: Number.MAX_SAFE_INTEGER });
  return {
    database,
    epoch,
    writer,
    reader,
    writerWith: (limits) => createOplogWriter({ database, epoch, ...limits }),
    create: (name) => createEntity(database, { entityName: name, sourceName: `shop.${name}`, columns }),
    entity,
    scanToLive: async (name, docIds) => {
      const { entityId, runId } = await entity(name);
      const scan = { entityId, runId };
      await writer.beginScan({ ...scan, collectionUuid: randomUUID(), estimated: docIds.length });
      const operations = docIds.map((docId) => upsert(entityId, docId, 'scanned'));
      await writer.appendScanPage({
        ...scan,
        operations,
        deadLetters: [],
        counts: noCounts,
        lastKey: Buffer.from('key'),
      });
      await writer.finishScan({ ...scan, endTime: 0n });
      const saved = await writer.readPosition();
      if (saved.position === null) await writer.savePosition(position(1, saved.version));
      await promote(name);
      return entity(name);
    },
    promote,
    append: (...items) => writer.append(batch(items)),
    page,
    replay: async (entityId) => replayed((await page(entityId)).entries),
    [Symbol.asyncDispose]: async () => {
      await lead[Symbol.asyncDispose]();
      await candidacy[Symbol.asyncDispose]();
      await database.close();
    },
  };
}

/** Applies entries or operations in their order to documents by DocID, and returns the documents. */
export function replayed(
  entries: readonly Pick<Operation, 'kind' | 'docId' | 'data'>[],
  documents = new Map<string, string>(),
): Map<string, string> {
  for (const { kind, docId, data } of entries) {
    if (kind === 'Delete') documents.delete(docId);
    else documents.set(docId, data ?? '');
  }
  return documents;
}

/** A page or batch whose columns met nothing. */
export const noCounts = { met: [], refused: [], outside: 0 };

export function upsert(entityId: number, docId: string, data: string): Operation {
  return { kind: 'Upsert', entityId, docId, data, sourceTimeMs: 1_700_000_000_123 };
}

export function remove(entityId: number, docId: string): Operation {
  return { kind: 'Delete', entityId, docId, data: null, sourceTimeMs: 1_700_000_000_123 };
}

export function batch(items: readonly AppendItem[], at: StreamPosition | null = null): AppendBatch {
  return { items, deadLetters: [], columnCounts: [], position: at };
}

/** A token position; tokens compare as their numbers do. */
export function position(clusterTime: number, version = 1): StreamPosition {
  const tokenData = clusterTime.toString(16).toUpperCase().padStart(16, '0');
  return { token: Buffer.from(tokenData), tokenData, clusterTime: BigInt(clusterTime), version, pipelineHash: 'test' };
}
