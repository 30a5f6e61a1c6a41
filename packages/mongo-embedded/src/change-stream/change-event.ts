import { ElementWalk } from '@emcachers/bson/element-walk';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { nameBytes } from '../query/raw-document.ts';
import { eventTokenBytes, tokenText } from './resume-token.ts';

/** One change event on its way to a client. */
export interface ChangeEvent {
  /** Raw event; its first field is `_id`, the token. */
  readonly document: Uint8Array;
  /** The token's bytes without the end byte. */
  readonly token: Buffer;
  readonly operationType: string;
}

export interface EventShape {
  readonly showsExpandedEvents: boolean;
  /** Top-level fields that the pipeline drops, so they are not written. */
  readonly omitted: ReadonlySet<string>;
}

/** The token of an entry's event. */
export function tokenOf(entry: HistoryEntry, isFromInvalidate = false): Buffer {
  const { time, ordinal, collectionUuid, kind, documentKey, operationDescription } = entry;
  return eventTokenBytes(
    { time, ordinal, collectionUuid, operationType: kind, key: documentKey ?? operationDescription },
    isFromInvalidate,
  );
}

/**
 * Serializes the event for an entry directly from the stored bytes, in mongod's field order. Source: the manual's
 * page "Change Events"; `change_stream_event_transform.cpp` of mongodb/mongo.
 */
export function eventOf(entry: HistoryEntry, shape: EventShape): ChangeEvent {
  const token = tokenOf(entry);
  const writer = new BsonWriter(
    512 + token.length * 2 + (entry.document?.length ?? 0) + (entry.updateDescription?.length ?? 0),
  );
  writer.beginDocument('_id').string('_data', tokenText(token)).end();
  writeOrigin(writer, entry, shape);
  writeTransaction(writer, entry, shape);
  writeSubject(writer, entry, shape);
  writeDescriptions(writer, entry, shape);
  return { document: writer.finish(), token, operationType: entry.kind };
}

/** The first fields: operation type, times, and the collection's UUID. */
function writeOrigin(writer: BsonWriter, entry: HistoryEntry, { omitted, showsExpandedEvents }: EventShape): void {
  if (!omitted.has('operationType')) writer.string('operationType', entry.kind);
  if (!omitted.has('clusterTime')) writer.timestamp('clusterTime', entry.time);
  const hasUuid = showsExpandedEvents && entry.nsType !== 'view' && !omitted.has('collectionUUID');
  if (hasUuid && entry.collectionUuid !== null) writer.binary('collectionUUID', entry.collectionUuid, 4);
  if (!omitted.has('wallTime')) writer.date('wallTime', entry.wallTimeMs);
}

function writeTransaction(writer: BsonWriter, entry: HistoryEntry, { omitted }: EventShape): void {
  if (entry.txnNumber !== null && !omitted.has('txnNumber')) writer.int64('txnNumber', entry.txnNumber);
  if (entry.lsid !== null && !omitted.has('lsid')) writer.document('lsid', entry.lsid);
}

/** The changed document, and the fields that identify it: namespace and document key. */
function writeSubject(writer: BsonWriter, entry: HistoryEntry, { omitted, showsExpandedEvents }: EventShape): void {
  if (!omitted.has('fullDocument')) writeDocument(writer, 'fullDocument', entry.document);
  if (!omitted.has('ns')) writeNamespace(writer, 'ns', entry);
  if (entry.kind === 'create' && showsExpandedEvents) writer.string('nsType', entry.nsType ?? 'collection');
  if (entry.renameTo !== null && !omitted.has('to')) writeNamespace(writer, 'to', entry.renameTo);
  if (!omitted.has('documentKey')) writeDocument(writer, 'documentKey', entry.documentKey);
}

function writeDocument(writer: BsonWriter, name: string, document: Uint8Array | null): void {
  if (document !== null) writer.document(name, document);
}

function writeNamespace(
  writer: BsonWriter,
  name: string,
  namespace: { readonly database: string; readonly collection: string | null },
): void {
  writer.beginDocument(name).string('db', namespace.database);
  if (namespace.collection !== null) writer.string('coll', namespace.collection);
  writer.end();
}

function writeDescriptions(
  writer: BsonWriter,
  entry: HistoryEntry,
  { omitted, showsExpandedEvents }: EventShape,
): void {
  const description = omitted.has('updateDescription') ? null : entry.updateDescription;
  if (!showsExpandedEvents) {
    if (description !== null) writeClassicDescription(writer, description);
    return;
  }
  writeDocument(writer, 'updateDescription', description);
  if (!omitted.has('operationDescription')) writeDocument(writer, 'operationDescription', entry.operationDescription);
  // A `modify` entry stores the previous options as its pre-image.
  if (entry.kind === 'modify') writeDocument(writer, 'stateBeforeChange', entry.preImage);
}

const disambiguatedName = nameBytes('disambiguatedPaths');

/** Without `disambiguatedPaths`, which only expanded events show. */
function writeClassicDescription(writer: BsonWriter, description: Uint8Array): void {
  writer.beginDocument('updateDescription');
  const walker = new ElementWalk(description);
  while (walker.next()) if (!walker.nameIs(disambiguatedName)) writer.splice(walker.element);
  writer.end();
}

/** The invalidate event: the stream has ended. It follows the event that ended the stream. */
export function invalidateEventOf(entry: HistoryEntry): ChangeEvent {
  const token = tokenOf(entry, true);
  const writer = new BsonWriter(512);
  writer.beginDocument('_id').string('_data', tokenText(token)).end();
  writer.string('operationType', 'invalidate').timestamp('clusterTime', entry.time).date('wallTime', entry.wallTimeMs);
  return { document: writer.finish(), token, operationType: 'invalidate' };
}
