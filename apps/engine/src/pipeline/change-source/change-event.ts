/**
 * Parses one raw change event into the closed union of actions that the pipeline takes. An unknown event type stops the stream
 * with an error, because skipping it could lose changes. Fields: https://www.mongodb.com/docs/manual/reference/change-events/
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { stringOf } from '@emcachers/bson/raw-value';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ChangeEvent, Namespace, SourceTransaction } from './change-source-types.ts';
import { MalformedFrameError, readFrame } from './malformed-frame-error.ts';
import { clusterTimeMs } from './resume-token.ts';

/** The top-level fields of an event. Documents stay raw and share memory with the reply. */
export interface RawEvent {
  /** Raw token document: the position after this event. */
  readonly token: Buffer;
  /** The fragment number of a split event; null for an event that was not split. */
  readonly fragment: { readonly number: number; readonly of: number } | null;
  readonly fields: EventFields;
}

interface EventFields {
  operationType: string | null;
  namespace: { database: string | null; collection: string | null } | null;
  to: { database: string | null; collection: string | null } | null;
  documentKey: Buffer | null;
  /** Undefined if the event has no such field; null if the field is BSON null because the lookup found no document. */
  fullDocument: Buffer | null | undefined;
  wallTimeMs: number | null;
  clusterTime: bigint | null;
  /** Both are present only in changes of a transaction. */
  sessionId: Buffer | null;
  transactionNumber: bigint | null;
}

export function parseRawEvent(bytes: Uint8Array): RawEvent {
  return readFrame(() => readEvent(bytes));
}

interface EventBeingRead {
  token: Buffer | null;
  fragment: RawEvent['fragment'];
  readonly fields: EventFields;
}

function readEvent(bytes: Uint8Array): RawEvent {
  const walk = new ElementWalk(bytes);
  const event: EventBeingRead = {
    token: null,
    fragment: null,
    fields: {
      operationType: null,
      namespace: null,
      to: null,
      documentKey: null,
      fullDocument: undefined,
      wallTimeMs: null,
      clusterTime: null,
      sessionId: null,
      transactionNumber: null,
    },
  };
  while (walk.next()) readField(walk, event);
  const { token, fragment, fields } = event;
  if (token === null) throw new MalformedFrameError('a change event without its token');
  return { token, fragment, fields };
}

/** Joins the fragments of one event. MongoDB splits by top-level field, so each field is in exactly one fragment. */
export function mergeFragments(fragments: readonly RawEvent[]): RawEvent {
  const last = fragments.at(-1);
  if (last === undefined) throw new MalformedFrameError('a split event without fragments');
  for (const [index, { fragment }] of fragments.entries())
    if (fragment?.number !== index + 1 || fragment.of !== fragments.length)
      throw new MalformedFrameError('fragments of a split event out of their order');
  const pick = <Key extends keyof EventFields>(key: Key, absent: EventFields[Key]): EventFields[Key] =>
    fragments.find(({ fields }) => fields[key] !== absent)?.fields[key] ?? absent;
  const documents = fragments.map(({ fields }) => fields.fullDocument).filter((value) => value !== undefined);
  return {
    token: last.token,
    fragment: null,
    fields: {
      operationType: pick('operationType', null),
      namespace: pick('namespace', null),
      to: pick('to', null),
      documentKey: pick('documentKey', null),
      fullDocument: documents[0],
      wallTimeMs: pick('wallTimeMs', null),
      clusterTime: pick('clusterTime', null),
      sessionId: pick('sessionId', null),
      transactionNumber: pick('transactionNumber', null),
    },
  };
}

/** The transaction of an event; copied, because it is kept longer than the reply. Null if the event belongs to none. */
export function transactionOf({ fields: { sessionId, transactionNumber } }: RawEvent): SourceTransaction | null {
  if (sessionId === null || transactionNumber === null) return null;
  return { sessionId: Uint8Array.from(sessionId), number: transactionNumber };
}

/** Interprets a whole event. Throws EMC-2008 if the engine does not know the event type. */
export function toChangeEvent({ fields }: RawEvent): ChangeEvent {
  switch (fields.operationType ?? '') {
    case 'insert':
    case 'update':
    case 'replace':
      return documentEvent(fields, fields.fullDocument ?? null);
    case 'delete':
      return documentEvent(fields, null);
    case 'drop':
      return { kind: 'collection-gone', namespace: namespaceOf(fields.namespace) };
    case 'rename':
      return { kind: 'collection-renamed', namespace: namespaceOf(fields.namespace), to: namespaceOf(fields.to) };
    case 'dropDatabase':
      return { kind: 'database-gone', database: fields.namespace?.database ?? missing('ns.db') };
    case 'invalidate':
      return { kind: 'invalidated' };
    default:
      throw new EmcachersError({
        code: 'EMC-2008',
        detail: `MongoDB sent a change event of type ${fields.operationType ?? '(none)'}.`,
      });
  }
}

function documentEvent(fields: EventFields, document: Buffer | null): ChangeEvent {
  const ordinalMs = fields.clusterTime === null ? null : clusterTimeMs(fields.clusterTime);
  return {
    kind: 'document',
    namespace: namespaceOf(fields.namespace),
    documentKey: fields.documentKey ?? missing('documentKey'),
    document,
    isInsert: fields.operationType === 'insert',
    sourceTimeMs: fields.wallTimeMs ?? ordinalMs,
  };
}

/** A field of an unexpected type counts as missing. */
function readField(walk: ElementWalk, event: EventBeingRead): void {
  const { fields } = event;
  switch (walk.name) {
    case '_id':
      event.token = documentOrNull(walk);
      return;
    case 'splitEvent':
      event.fragment = fragmentOrNull(walk);
      return;
    case 'operationType':
      fields.operationType = walk.type === bsonTypes.string ? stringOf(walk) : null;
      return;
    case 'ns':
      fields.namespace = namespaceOrNull(walk);
      return;
    case 'to':
      fields.to = namespaceOrNull(walk);
      return;
    case 'documentKey':
      fields.documentKey = documentOrNull(walk);
      return;
    case 'fullDocument':
      fields.fullDocument = documentOrNull(walk);
      return;
    case 'wallTime':
      fields.wallTimeMs = milliseconds(int64OrNull(walk, bsonTypes.date));
      return;
    case 'clusterTime':
      fields.clusterTime = int64OrNull(walk, bsonTypes.timestamp);
      return;
    case 'lsid':
      fields.sessionId = documentOrNull(walk);
      return;
    case 'txnNumber':
      fields.transactionNumber = int64OrNull(walk, bsonTypes.int64);
      return;
    default:
      // Later servers add fields (collectionUUID, operationDescription) that are not needed here.
      return;
  }
}

/** A value of 64 bits; unsigned if it is a timestamp. */
function int64OrNull(walk: ElementWalk, type: number): bigint | null {
  if (walk.type !== type) return null;
  const value = walk.bytes.readBigInt64LE(walk.start);
  return type === bsonTypes.timestamp ? BigInt.asUintN(64, value) : value;
}

function milliseconds(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

function documentOrNull(walk: ElementWalk): Buffer | null {
  return walk.type === bsonTypes.object ? walk.valueBytes : null;
}

function namespaceOrNull(field: ElementWalk): { database: string | null; collection: string | null } | null {
  if (field.type !== bsonTypes.object) return null;
  const walk = new ElementWalk(field.valueBytes);
  let database: string | null = null;
  let collection: string | null = null;
  while (walk.next()) {
    if (walk.type !== bsonTypes.string) continue;
    const { name } = walk;
    if (name === 'db') database = stringOf(walk);
    else if (name === 'coll') collection = stringOf(walk);
  }
  return { database, collection };
}

function fragmentOrNull(field: ElementWalk): RawEvent['fragment'] {
  if (field.type !== bsonTypes.object) return null;
  const walk = new ElementWalk(field.valueBytes);
  let number = 0;
  let of = 0;
  while (walk.next()) {
    if (walk.type !== bsonTypes.int32) continue;
    const { name } = walk;
    if (name === 'fragment') number = readInt32(walk.bytes, walk.start);
    else if (name === 'of') of = readInt32(walk.bytes, walk.start);
  }
  return { number, of };
}

function namespaceOf(namespace: { database: string | null; collection: string | null } | null): Namespace {
  return { database: namespace?.database ?? missing('ns.db'), collection: namespace?.collection ?? missing('ns.coll') };
}

function missing(field: string): never {
  throw new MalformedFrameError(`a change event without ${field}`);
}
