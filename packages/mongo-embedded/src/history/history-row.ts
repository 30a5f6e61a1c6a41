import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import type { ClusterTime, HistoryEntry, HistoryKind } from './history-entry.ts';

/** The file stores positions in this list; append only. */
const kinds: readonly HistoryKind[] = [
  'insert',
  'update',
  'replace',
  'delete',
  'drop',
  'rename',
  'dropDatabase',
  'create',
  'createIndexes',
  'dropIndexes',
  'modify',
];

/** A change as its writer describes it; absent means null. The history adds time, order and namespace. */
export interface Change {
  readonly kind: HistoryKind;
  readonly documentKey?: Uint8Array | null;
  readonly document?: Uint8Array | null;
  readonly updateDescription?: Uint8Array | null;
  readonly preImage?: Uint8Array | null;
  readonly postImage?: Uint8Array | null;
  readonly lsid?: Uint8Array | null;
  readonly txnNumber?: bigint | null;
  readonly operationDescription?: Uint8Array | null;
  readonly renameTo?: { readonly database: string; readonly collection: string } | null;
  readonly nsType?: 'collection' | 'timeseries' | 'view' | null;
}

/** `sequence, seconds, increment, ordinal, wall_ms, kind, namespace, document, extra, database, collection, uuid`. */
export type HistoryRow = [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  Buffer | null,
  Buffer | null,
  string,
  string | null,
  Buffer | null,
];

export function kindNumber(kind: HistoryKind): number {
  return kinds.indexOf(kind);
}

const documentFields = ['updateDescription', 'preImage', 'postImage', 'lsid', 'operationDescription'] as const;

/**
 * The rarely used parts of a change as one BSON document; null if there are none. The document key of an insert or
 * replace is not stored: it is the `_id` of its document.
 */
export function packExtra(change: Change): Buffer | null {
  const isPlain = change.kind === 'insert' && change.postImage == null && change.lsid == null;
  if (isPlain) return null;
  const writer = new BsonWriter(256);
  if (change.document == null) writeDocument(writer, 'documentKey', change.documentKey);
  for (const field of documentFields) writeDocument(writer, field, change[field]);
  if (change.txnNumber != null) writer.int64('txnNumber', change.txnNumber);
  if (change.renameTo != null)
    writer.string('toDatabase', change.renameTo.database).string('toCollection', change.renameTo.collection);
  if (change.nsType != null) writer.string('nsType', change.nsType);
  const packed = writer.finish();
  return packed.length === 5 ? null : packed;
}

function writeDocument(writer: BsonWriter, name: string, document: Uint8Array | null | undefined): void {
  if (document != null) writer.document(name, document);
}

/** Raw `{ _id }` of a stored document. */
export function documentKeyOf(document: Uint8Array): Buffer {
  const element = findElement(document, '_id');
  if (element === undefined) throw new Error('A stored document has no _id');
  return new BsonWriter(element.bytes.length + 16).value('_id', element.type, element.bytes).finish();
}

function text(element: RawElement | undefined): string | null {
  return element === undefined ? null : element.bytes.toString('utf8', 4, element.bytes.length - 1);
}

/** A stored row as change streams read it. */
export function toHistoryEntry(row: HistoryRow): HistoryEntry {
  const [sequence, seconds, increment, ordinal, wallTimeMs, kind, , document, extra, database, collection, uuid] = row;
  const time: ClusterTime = { seconds, increment };
  const fields = new Map<string, RawElement>();
  if (extra !== null) {
    forEachElement(extra, (name, element) => {
      fields.set(name, element);
      return undefined;
    });
  }
  const bytes = (name: string): Uint8Array | null => fields.get(name)?.bytes ?? null;
  const toDatabase = text(fields.get('toDatabase'));
  const toCollection = text(fields.get('toCollection'));
  const txnNumber = fields.get('txnNumber');
  return {
    sequence,
    time,
    ordinal,
    wallTimeMs,
    kind: kinds[kind] ?? 'modify',
    database,
    collection,
    collectionUuid: uuid,
    documentKey: document === null ? bytes('documentKey') : documentKeyOf(document),
    document: document === null ? null : asBuffer(document),
    updateDescription: bytes('updateDescription'),
    preImage: bytes('preImage'),
    postImage: bytes('postImage'),
    lsid: bytes('lsid'),
    txnNumber: txnNumber === undefined ? null : txnNumber.bytes.readBigInt64LE(0),
    operationDescription: bytes('operationDescription'),
    renameTo: toDatabase !== null && toCollection !== null ? { database: toDatabase, collection: toCollection } : null,
    nsType: text(fields.get('nsType')) as HistoryEntry['nsType'],
  };
}
