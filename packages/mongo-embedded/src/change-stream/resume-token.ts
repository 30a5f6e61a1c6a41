import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { orderKey } from '../query/order-key.ts';
import { fieldOf, nameBytes } from '../query/raw-document.ts';

/**
 * Resume tokens in the form of mongod's version 2: the parts below, concatenated, each encoded so that its bytes sort
 * like its values, in hexadecimal. Clients compare tokens as text and read the time from the front. Source:
 * `ResumeToken` in `src/mongo/db/pipeline/resume_token.cpp` of mongodb/mongo.
 *
 * time 82 + 8 bytes · version 2B04 · kind (event 2C0100, high-water mark 29) · ordinal · from an invalidate 6E/6F ·
 * collection UUID 5A1004 + 16 bytes, or 14 for none · identifier of the event (events only) · fragment (split events
 * only) · 04
 *
 * A high-water mark of mongod has no UUID. Ours has that of the server's run (`HistoryRuns`), in the same place, unless
 * the client chose the time.
 */
const marks = {
  timestamp: 0x82,
  zero: 0x29,
  integer: 0x2b,
  false: 0x6e,
  true: 0x6f,
  null: 0x14,
  binary: 0x5a,
  object: 0x46,
  string: 0x3c,
  objectId: 0x64,
  end: 0x04,
} as const;

const versionBytes = Buffer.of(marks.integer, 2 << 1);
const eventKindBytes = Buffer.of(marks.integer + 1, 0x01, 0x00);

/** The parts of a token that resuming needs. */
export interface ResumePoint {
  readonly time: ClusterTime;
  readonly isHighWaterMark: boolean;
  readonly isFromInvalidate: boolean;
  /** Order among the events that share `time`. */
  readonly ordinal: number;
  /** An event's collection, or the run that issued a high-water mark. */
  readonly uuid: Uint8Array | null;
  /** The whole token without its end byte; comparable with the result of `eventTokenBytes`. */
  readonly bytes: Buffer;
}

export interface EventIdentity {
  readonly time: ClusterTime;
  readonly ordinal: number;
  readonly collectionUuid: Uint8Array | null;
  readonly operationType: string;
  /** Raw `{ _id }`, or the raw description of an operation on a collection. */
  readonly key: Uint8Array | null;
}

/** The token of an event without its end byte. */
export function eventTokenBytes(identity: EventIdentity, isFromInvalidate = false): Buffer {
  const { collectionUuid, ordinal } = identity;
  const head = identifierHead(identity.operationType);
  const key = keyBytes(identity.key);
  const bytes = Buffer.allocUnsafe(tokenOverheadBytes + head.length + key.length);
  let at = writeTime(bytes, identity.time);
  at += versionBytes.copy(bytes, at);
  at += eventKindBytes.copy(bytes, at);
  at += ordinal === 0 ? writeMark(bytes, at, marks.zero) : integerBytes(ordinal).copy(bytes, at);
  at += writeMark(bytes, at, isFromInvalidate ? marks.true : marks.false);
  at += collectionUuid === null ? writeMark(bytes, at, marks.null) : writeUuid(bytes, at, collectionUuid);
  at += head.copy(bytes, at);
  at += key.copy(bytes, at);
  at += writeMark(bytes, at, 0);
  return bytes.subarray(0, at);
}

/** Bytes for everything but the identifier: time 9, version 2, kind 3, ordinal up to 5, flag 1, UUID 19, end 1. */
const tokenOverheadBytes = 40;

function writeMark(bytes: Buffer, at: number, mark: number): number {
  bytes[at] = mark;
  return 1;
}

function writeUuid(bytes: Buffer, at: number, uuid: Uint8Array): number {
  bytes.set(uuidHead, at);
  bytes.set(uuid, at + uuidHead.length);
  return uuidHead.length + uuid.length;
}

/** The token of one fragment of a split event, counted from 0. */
export function fragmentTokenBytes(event: Buffer, fragment: number): Buffer {
  return Buffer.concat([event, integerBytes(fragment)]);
}

/** A high-water-mark token: everything before this time has been seen. `runId` is null if a client chose the time. */
export function highWaterMarkBytes(time: ClusterTime, runId: Uint8Array | null): Buffer {
  const uuid = runId === null ? [Buffer.of(marks.null)] : [uuidHead, runId];
  return Buffer.concat([timeBytes(time), versionBytes, Buffer.of(marks.zero, marks.zero, marks.false), ...uuid]);
}

const uuidHead = Buffer.of(marks.binary, 16, 4);
const closing = '04';

/** The hexadecimal text that clients see. */
export function tokenText(bytes: Buffer): string {
  return `${bytes.toString('hex').toUpperCase()}${closing}`;
}

/** The raw document `{ _data }` that a client sees. */
export function tokenDocument(bytes: Buffer): Buffer {
  return new BsonWriter(bytes.length * 2 + 32).string('_data', tokenText(bytes)).finish();
}

function timeBytes(time: ClusterTime): Buffer {
  const bytes = Buffer.allocUnsafe(9);
  writeTime(bytes, time);
  return bytes;
}

function writeTime(bytes: Buffer, { seconds, increment }: ClusterTime): number {
  bytes[0] = marks.timestamp;
  bytes.writeUInt32BE(seconds, 1);
  return bytes.writeUInt32BE(increment, 5);
}

/** An integer: a marker that grows with its length, then twice the number. */
function integerBytes(value: number): Buffer {
  if (value === 0) return Buffer.of(marks.zero);
  const doubled = value * 2;
  const length = doubled < 0x100 ? 1 : doubled < 0x1_0000 ? 2 : doubled < 0x100_0000 ? 3 : 4;
  const bytes = Buffer.allocUnsafe(length + 1);
  bytes[0] = marks.integer + length - 1;
  bytes.writeUIntBE(doubled, 1, length);
  return bytes;
}

const idName = nameBytes('_id');

/** The prefix of the key, which depends only on the operation type. */
const identifierHeads = new Map<string, Buffer>();

function identifierHead(operationType: string): Buffer {
  const known = identifierHeads.get(operationType);
  if (known !== undefined) return known;
  const head = Buffer.from(`F<operationType\0<${operationType}\0`, 'latin1');
  identifierHeads.set(operationType, head);
  return head;
}

const documentKeyHead = Buffer.from('FdocumentKey\0F', 'latin1');
const descriptionHead = Buffer.from('FoperationDescription\0', 'latin1');

function keyBytes(key: Uint8Array | null): Buffer {
  const id = key === null ? undefined : fieldOf(documentValue(key), idName);
  return id === undefined ? descriptionHead : Buffer.concat([documentKeyHead, idBytes(id), Buffer.of(0)]);
}

function idBytes(id: RawValue): Buffer {
  if (id.type === bsonTypes.objectId) return marked(marks.objectId, id.span());
  if (id.type === bsonTypes.string) return marked(marks.string, Buffer.from(`${stringOf(id)}\0`));
  return marked(marks.binary, orderKey(id));
}

function marked(mark: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(mark), Buffer.from('_id\0'), Buffer.of(mark), value]);
}

const dataName = nameBytes('_data');

/**
 * Reads the token that a client sends back. Codes: 40647 no `_data`, 9 not hexadecimal, 40649 empty, 50796 truncated
 * or not a token.
 */
export function readToken(token: RawValue): ResumePoint {
  const data = token.type === bsonTypes.object ? fieldOf(token, dataName) : undefined;
  if (data?.type !== bsonTypes.string) {
    throw new MongoFailure(40647, 'Bad resume token: _data of missing or of wrong type. Expected string');
  }
  const text = stringOf(data);
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text))
    throw new MongoFailure('FailedToParse', 'resume token string was not a valid hex string');
  if (text === '') throw new MongoFailure(40649, 'invalid empty resume token');
  return parseToken(Buffer.from(text, 'hex'));
}

function parseToken(bytes: Buffer): ResumePoint {
  if (bytes[0] !== marks.timestamp || bytes.length < 13 || bytes.at(-1) !== marks.end)
    throw new MongoFailure(50796, 'Resume Token does not contain version');
  const time = { seconds: bytes.readUInt32BE(1), increment: bytes.readUInt32BE(5) };
  if (bytes[9] !== marks.integer || !versions.includes(bytes[10] ?? 0)) {
    throw new MongoFailure(50795, 'Invalid Resume Token: only supports version 0, 1 and 2');
  }
  const whole = bytes.subarray(0, -1);
  const isHighWaterMark = bytes[11] === marks.zero;
  if (!isHighWaterMark && bytes[11] !== eventKindBytes[0])
    throw new MongoFailure(51055, 'Resume Token does not contain tokenType');
  return { time, isHighWaterMark, ...readIdentity(bytes, isHighWaterMark ? 12 : 14), bytes: whole };
}

/** Versions 1 and 2, as encoded in a token. */
const versions: readonly number[] = [1 << 1, 2 << 1];

/** The parts behind the kind of token. */
function readIdentity(bytes: Buffer, ordinalAt: number): Pick<ResumePoint, 'isFromInvalidate' | 'ordinal' | 'uuid'> {
  const ordinalMark = bytes[ordinalAt] ?? 0;
  const ordinalBytes = ordinalMark === marks.zero ? 0 : ordinalMark - marks.integer + 1;
  const flagAt = ordinalAt + 1 + ordinalBytes;
  const flag = bytes[flagAt];
  if (flag !== marks.false && flag !== marks.true)
    throw new MongoFailure(50872, 'Resume Token does not contain fromInvalidate');
  // An integer of more than six bytes is the ordinal of no event.
  const isReadable = ordinalBytes > 0 && ordinalBytes <= 6;
  const ordinal = isReadable ? Math.floor(bytes.readUIntBE(ordinalAt + 1, ordinalBytes) / 2) : 0;
  const uuidAt = flagAt + 1 + uuidHead.length;
  const hasUuid = bytes[flagAt + 1] === marks.binary && bytes.length > uuidAt + 16;
  return { isFromInvalidate: flag === marks.true, ordinal, uuid: hasUuid ? bytes.subarray(uuidAt, uuidAt + 16) : null };
}
