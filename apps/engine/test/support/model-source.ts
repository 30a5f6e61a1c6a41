/**
 * MongoDB as a model in memory, for tests that must place a change exactly: between a page's read and its write, while the
 * stream lags, at a shared cluster time, behind a cut history. Documents are `{ _id: number, n, t }`. What MongoDB promises
 * is kept: stream order, updateLookup at delivery, inclusive operation times, high-water marks. Used by tests only.
 */

import { asBuffer } from '@emcachers/bson/read-bytes';
import type { SourceOplog } from '@emcachers/core/capture-report';
import { type Document, serialize } from 'bson';
import { MongoServerError } from 'mongodb';
import type { ChangeStream, MongoSource } from '../../src/pipeline/change-source/change-source.ts';
import type {
  ChangeBatch,
  ChangeEvent,
  ChangePresence,
  CollectionFacts,
  CollectionPage,
  KeyedDocuments,
  LastKey,
  Namespace,
  PositionedEvent,
  ServerFacts,
  SourceTransaction,
} from '../../src/pipeline/change-source/change-source-types.ts';
import { keyDocument } from '../../src/pipeline/change-source/collection-page.ts';
import type { Position } from '../../src/pipeline/change-source/position.ts';
import { tokenPosition } from '../../src/pipeline/change-source/resume-token.ts';
import { systemClock } from '../../src/runtime/clock.ts';

/** How long an empty reply is held back. */
const idleMs = 5;

/** Largest number of changes in a reply. */
const batchSize = 50;

interface HistoryEntry {
  readonly data: string;
  readonly time: bigint;
  readonly transaction: SourceTransaction | null;
  /** Made at delivery, so that an update carries the document as it is then. */
  readonly event: () => ChangeEvent;
}

interface ModelCollection {
  readonly uuid: string;
  readonly documents: Map<number, Uint8Array>;
}

export class ModelSource implements MongoSource {
  /** Called before each page is read, and after it was read but before it is handed out. */
  beforePage: () => void = () => undefined;
  afterPage: () => void = () => undefined;
  /** The stream delivers nothing later than this: null for no lag. */
  deliverUpTo: bigint | null = null;
  /** Thrown by the next calls of the stream, one each. */
  readonly streamErrors: Error[] = [];
  /** Changes carry the document as it is at delivery, like updates; else as it was written, like inserts and replacements. */
  looksUp = true;
  openStreams = 0;
  opened = 0;
  readonly #collections = new Map<string, ModelCollection>();
  readonly #history: HistoryEntry[] = [];
  #time = 1n << 32n;
  #uuids = 0;
  #cutBefore = 0n;

  write(name: string, documents: readonly { readonly id: number; readonly n: number }[]): void {
    const collection = this.#collection(name);
    this.#time++;
    // One cluster time for all, as an insert of many has on MongoDB 8.
    for (const [index, { id, n }] of documents.entries()) {
      const raw = serialize({ _id: id, n, t: `v${n}` });
      collection.documents.set(id, raw);
      const lookUp = (): Uint8Array | null => this.#collections.get(name)?.documents.get(id) ?? null;
      const { looksUp } = this;
      this.#record(index, () => documentEvent(name, id, looksUp ? lookUp() : raw));
    }
  }

  /** The same as one transaction, of any collections. */
  transact(writes: readonly { readonly name: string; readonly id: number; readonly n: number }[]): void {
    this.#time++;
    const transaction = { sessionId: serialize({ id: 'session' }), number: this.#time };
    for (const [index, { name, id, n }] of writes.entries()) {
      this.#collection(name).documents.set(id, serialize({ _id: id, n, t: `v${n}` }));
      const lookUp = (): Uint8Array | null => this.#collections.get(name)?.documents.get(id) ?? null;
      this.#record(index, () => documentEvent(name, id, lookUp()), transaction);
    }
  }

  /** Bytes as they are, for documents that are not BSON inside. */
  writeRaw(name: string, id: number, raw: Uint8Array): void {
    this.#collection(name).documents.set(id, raw);
    this.#time++;
    this.#record(0, () => documentEvent(name, id, this.#collections.get(name)?.documents.get(id) ?? null));
  }

  remove(name: string, id: number): void {
    if (this.#collections.get(name)?.documents.delete(id) !== true) return;
    this.#time++;
    this.#record(0, () => documentEvent(name, id, null));
  }

  drop(name: string): void {
    if (!this.#collections.delete(name)) return;
    this.#time++;
    this.#record(0, () => ({ kind: 'collection-gone', namespace: namespaceOf(name) }));
  }

  rename(from: string, to: string): void {
    const collection = this.#collections.get(from);
    if (collection === undefined || from === to) return;
    this.#collections.delete(from);
    this.#collections.set(to, collection);
    this.#time++;
    this.#record(0, () => ({ kind: 'collection-renamed', namespace: namespaceOf(from), to: namespaceOf(to) }));
  }

  /** Forgets everything up to now. */
  cutHistory(): void {
    this.#time++;
    this.#cutBefore = this.#time;
  }

  get time(): bigint {
    return this.#time;
  }

  ids(name: string): readonly number[] {
    return [...(this.#collections.get(name)?.documents.keys() ?? [])];
  }

  describe(): Promise<ServerFacts> {
    return Promise.resolve({ sourceId: 'model', setName: 'model', version: '0', isSharded: false });
  }

  readOplog(): Promise<SourceOplog> {
    return Promise.resolve({ kind: 'unknown', reason: 'The model has no oplog.' });
  }

  findChange(token: Uint8Array): Promise<ChangePresence> {
    const sought = tokenPosition(token);
    const isKnown = this.#history.some(({ data }) => sought.kind === 'token' && data === sought.data);
    return Promise.resolve(isKnown ? 'present' : 'absent');
  }

  operationTime(): Promise<bigint> {
    return Promise.resolve(this.#time);
  }

  collectionFacts({ collection }: Namespace): Promise<CollectionFacts | null> {
    const found = this.#collections.get(collection);
    return Promise.resolve(found === undefined ? null : { kind: 'collection', uuid: found.uuid });
  }

  estimatedDocuments({ collection }: Namespace): Promise<number | null> {
    return Promise.resolve(this.#collections.get(collection)?.documents.size ?? 0);
  }

  async readPage(request: { namespace: Namespace; after: LastKey; limit: number }): Promise<CollectionPage> {
    await turn();
    this.beforePage();
    const { namespace, after, limit } = request;
    const last = after.kind === 'none' ? Number.NEGATIVE_INFINITY : asBuffer(after.document).readInt32LE(9);
    const collection = this.#collections.get(namespace.collection)?.documents ?? new Map<number, Uint8Array>();
    const ids = [...collection.keys()].filter((id) => id > last).sort((a, b) => a - b);
    const documents = ids.slice(0, limit).flatMap((id) => collection.get(id) ?? []);
    const readTime = this.#time;
    this.afterPage();
    const lastDocument = documents.at(-1);
    const lastKey = lastDocument === undefined ? null : keyDocument(asBuffer(lastDocument));
    return { documents, lastKey, exhausted: documents.length === 0, readTime };
  }

  async readDocuments(request: { namespace: Namespace; keys: readonly Uint8Array[] }): Promise<KeyedDocuments> {
    await turn();
    this.beforePage();
    const collection = this.#collections.get(request.namespace.collection)?.documents;
    const documents = request.keys.flatMap((key) => collection?.get(asBuffer(key).readInt32LE(9)) ?? []);
    this.afterPage();
    return { documents, isComplete: true };
  }

  /** This source takes every query and ignores it. */
  async checkFilter(): Promise<void> {
    await turn();
  }

  async countDocuments({ namespace }: { namespace: Namespace }): Promise<number> {
    await turn();
    return this.#collections.get(namespace.collection)?.documents.size ?? 0;
  }

  async openStream({ position, signal }: { position: Position; signal: AbortSignal }): Promise<ChangeStream> {
    await turn();
    this.opened++;
    if (position.clusterTime < this.#cutBefore) throw serverError(286);
    this.openStreams++;
    let at = this.#history.findIndex((entry) => isAfter(entry, position));
    if (at < 0) at = this.#history.length;
    let isOpen = true;
    return {
      next: async () => {
        await turn();
        const error = this.streamErrors.shift();
        if (error !== undefined) throw error;
        if (!isOpen || signal.aborted) return null;
        const batch = this.#batchFrom(at);
        at += batch.events.length;
        if (batch.events.length === 0) await systemClock.sleep(idleMs, signal);
        return batch;
      },
      hurry: () => undefined,
      close: async () => {
        if (isOpen) this.openStreams--;
        isOpen = false;
        await turn();
      },
    };
  }

  listCollections(): Promise<readonly Namespace[]> {
    return Promise.resolve([...this.#collections.keys()].map(namespaceOf));
  }

  sample(): Promise<readonly Uint8Array[]> {
    return Promise.resolve([]);
  }

  async close(): Promise<void> {
    await turn();
  }

  #batchFrom(at: number): ChangeBatch {
    const limit = this.deliverUpTo ?? this.#time;
    const due = this.#history.slice(at, at + batchSize).filter(({ time }) => time <= limit);
    const events = due.map(
      ({ event, data, transaction }): PositionedEvent => ({
        event: event(),
        token: serialize({ _data: data }),
        transaction,
      }),
    );
    const last = events.at(-1)?.token ?? serialize({ _data: tokenData(limit, 'FFFF') });
    return { events, end: tokenPosition(last), isLevel: events.length < batchSize };
  }

  #collection(name: string): ModelCollection {
    const found = this.#collections.get(name);
    if (found !== undefined) return found;
    this.#uuids++;
    const made = {
      uuid: `00000000-0000-4000-8000-${String(this.#uuids).padStart(12, '0')}`,
      documents: new Map<number, Uint8Array>(),
    };
    this.#collections.set(name, made);
    return made;
  }

  #record(ordinal: number, event: () => ChangeEvent, transaction: SourceTransaction | null = null): void {
    const data = tokenData(this.#time, ordinal.toString(16).toUpperCase().padStart(4, '0'));
    this.#history.push({ data, time: this.#time, event, transaction });
  }
}

export function serverError(code: number): MongoServerError {
  return new MongoServerError({ message: `failed with ${code}`, code } satisfies Document);
}

/** Other work gets its turn, as it would while a server is asked. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function tokenData(time: bigint, ordinal: string): string {
  return `82${time.toString(16).toUpperCase().padStart(16, '0')}${ordinal}`;
}

function isAfter(entry: HistoryEntry, position: Position): boolean {
  return position.kind === 'time' ? entry.time >= position.clusterTime : entry.data > position.data;
}

function namespaceOf(collection: string): Namespace {
  return { database: 'shop', collection };
}

function documentEvent(name: string, id: number, document: Uint8Array | null): ChangeEvent {
  const documentKey = serialize({ _id: id });
  return { kind: 'document', namespace: namespaceOf(name), documentKey, document, isInsert: false, sourceTimeMs: 1 };
}
