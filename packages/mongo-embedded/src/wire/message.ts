import { Buffer } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { validateDocument } from '../query/validate-document.ts';
import { crc32c } from './crc32c.ts';

const opReply = 1;
const opQuery = 2004;
const opMessage = 2013;

/** Bytes of a document sequence that are validated before other clients take their turn. */
const validatedBytesPerTurn = 512 * 1024;

const flagChecksumPresent = 1;
const flagMoreToCome = 2;
const flagExhaustAllowed = 1 << 16;
/** Flags of OP_REPLY. */
const flagQueryFailure = 2;
const flagAwaitCapable = 8;
/** Bits 0–15 must be understood by the reader; the others may be ignored. */
const flagsRequired = 0xffff;

/** One command as it came in. */
export interface Request {
  readonly requestId: number;
  /** The legacy OP_QUERY form, answered by OP_REPLY. */
  readonly isLegacy: boolean;
  readonly body: CommandBody;
  readonly database: string;
  /** The client does not wait for an answer. */
  readonly isUnacknowledged: boolean;
  /** The client accepts more than one reply (streaming hello). */
  readonly isExhaustAllowed: boolean;
}

/** How a request that cannot be run is answered: by OP_MSG, as a failed OP_QUERY, or by closing the connection. */
export type RefusalForm = 'message' | 'failedQuery' | 'close';

/** The request could not be read; `requestId` lets the connection still answer it. */
export class MalformedRequest extends Error {
  readonly requestId: number;
  readonly form: RefusalForm;
  readonly failure: MongoFailure;

  constructor(requestId: number, form: RefusalForm, failure: MongoFailure) {
    super(failure.message);
    this.requestId = requestId;
    this.form = form;
    this.failure = failure;
  }
}

/**
 * Reads one whole wire message: a small one at once, since each promise costs processor time, a large one in several
 * turns of the event loop. Throws, or rejects with, MalformedRequest.
 */
export function parseRequest(message: Buffer): Request | Promise<Request> {
  try {
    const request = parseByOpCode(message);
    return request instanceof Promise ? request.catch((error: unknown) => rethrow(error, message)) : request;
  } catch (error) {
    return rethrow(error, message);
  }
}

function rethrow(error: unknown, message: Buffer): never {
  if (error instanceof MalformedRequest) throw error;
  const failure = error instanceof MongoFailure ? error : new MongoFailure('InvalidBSON', String(error));
  const { requestId, opCode } = headerOf(message);
  throw new MalformedRequest(requestId, opCode === opMessage ? 'message' : 'close', failure);
}

function headerOf(message: Buffer): { requestId: number; opCode: number } {
  return { requestId: message.readInt32LE(4), opCode: message.readInt32LE(12) };
}

function parseByOpCode(message: Buffer): Request | Promise<Request> {
  const { requestId, opCode } = headerOf(message);
  switch (opCode) {
    case opMessage:
      return parseOpMessage(message, requestId);
    case opQuery:
      return parseOpQuery(message, requestId);
    default:
      throw new MalformedRequest(requestId, 'close', new MongoFailure('FailedToParse', `Unsupported opcode ${opCode}`));
  }
}

function parseOpMessage(message: Buffer, requestId: number): Request | Promise<Request> {
  if (message.length < 26) throw new MongoFailure('InvalidBSON', 'OP_MSG message is too short');
  const flags = message.readUInt32LE(16);
  const hasChecksum = (flags & flagChecksumPresent) !== 0;
  if ((flags & flagsRequired & ~(flagChecksumPresent | flagMoreToCome)) !== 0) {
    const failure = new MongoFailure('IllegalOperation', `OP_MSG message has unknown required flags ${flags}`);
    throw new MalformedRequest(requestId, 'close', failure);
  }
  const end = message.length - (hasChecksum ? 4 : 0);
  if (hasChecksum && crc32c(message.subarray(0, end)) !== message.readUInt32LE(end)) {
    throw new MalformedRequest(
      requestId,
      'close',
      new MongoFailure('InvalidBSON', 'OP_MSG checksum does not match contents'),
    );
  }
  const sections = readSections(message.subarray(20, end));
  // Validated once here, so that later reads of the request need no bounds checks.
  const validation = validateSections(sections, message.length);
  const request = (): Request => {
    const body = new CommandBody(sections.body, sections.sequences);
    return {
      requestId,
      isLegacy: false,
      body,
      database: body.requiredString('$db'),
      isUnacknowledged: (flags & flagMoreToCome) !== 0,
      isExhaustAllowed: (flags & flagExhaustAllowed) !== 0,
    };
  };
  return validation === null ? request() : validation.then(request);
}

interface Sections {
  readonly body: Buffer;
  readonly sequences: Map<string, Uint8Array[]>;
}

function readSections(bytes: Buffer): Sections {
  let body: Buffer | undefined;
  const sequences = new Map<string, Uint8Array[]>();
  let offset = 0;
  while (offset < bytes.length) {
    const kind = bytes[offset];
    const section = sliceByLength(bytes, offset + 1);
    offset += 1 + section.length;
    if (kind === 0 && body === undefined) body = section;
    else if (kind === 1) readSequence(section, sequences);
    else throw unexpectedSection(kind);
  }
  if (body === undefined) throw new MongoFailure('FailedToParse', 'OP_MSG messages must have a body');
  return { body, sequences };
}

function unexpectedSection(kind: number | undefined): MongoFailure {
  const text = kind === 0 ? 'Multiple body sections in message' : `Unknown section kind ${kind}`;
  return new MongoFailure('FailedToParse', text);
}

function readSequence(section: Buffer, sequences: Map<string, Uint8Array[]>): void {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new MongoFailure('InvalidBSON', 'Document sequence without a name');
  const name = section.toString('utf8', 4, nameEnd);
  if (sequences.has(name)) throw new MongoFailure('FailedToParse', `Duplicate document sequence: ${name}`);
  const documents: Uint8Array[] = [];
  let offset = nameEnd + 1;
  while (offset < section.length) {
    const document = sliceByLength(section, offset);
    documents.push(document);
    offset += document.length;
  }
  sequences.set(name, documents);
}

/** Validates the body and the sequences; a promise if the message has too many bytes for one turn. */
function validateSections({ body, sequences }: Sections, messageBytes: number): Promise<void> | null {
  validateDocument(body);
  if (messageBytes > validatedBytesPerTurn) return validateInTurns(sequences);
  for (const documents of sequences.values()) for (const document of documents) validateDocument(document);
  return null;
}

async function validateInTurns(sequences: Sections['sequences']): Promise<void> {
  let bytes = 0;
  for (const document of [...sequences.values()].flat()) {
    validateDocument(document);
    bytes += document.length;
    if (bytes < validatedBytesPerTurn) continue;
    await nextTurn();
    bytes = 0;
  }
}

function sliceByLength(bytes: Buffer, offset: number): Buffer {
  const length = offset + 5 <= bytes.length ? bytes.readInt32LE(offset) : -1;
  if (length < 5 || offset + length > bytes.length)
    throw new MongoFailure('InvalidBSON', 'Section length is out of range');
  return bytes.subarray(offset, offset + length);
}

/** Only `isMaster`/`hello` still arrive this way, from drivers that do not know the server yet. */
function parseOpQuery(message: Buffer, requestId: number): Request {
  const nameEnd = message.indexOf(0, 20);
  if (nameEnd < 0)
    throw new MalformedRequest(requestId, 'close', new MongoFailure('InvalidBSON', 'OP_QUERY without a namespace'));
  const namespace = message.toString('utf8', 20, nameEnd);
  if (!namespace.endsWith('.$cmd')) throw new MalformedRequest(requestId, 'failedQuery', queryOfCollection());
  const body = sliceByLength(message, nameEnd + 9);
  validateDocument(body);
  const inner = new CommandBody(body);
  const wrapped = inner.name === '$query' || inner.name === 'query' ? inner.nested(inner.name) : undefined;
  return {
    requestId,
    isLegacy: true,
    body: wrapped ?? inner,
    database: namespace.replace(/\.\$cmd$/, ''),
    isUnacknowledged: false,
    isExhaustAllowed: false,
  };
}

/** A driver that reads OP_REPLY raises this only if the flag of a failed query is set, with the text in `$err`. */
function queryOfCollection(): MongoFailure {
  const text = 'OP_QUERY is no longer supported. The client driver may require an upgrade.';
  return new MongoFailure(5739101, text);
}

/** How a reply is framed. */
export interface ReplyFrame {
  readonly requestId: number;
  readonly responseTo: number;
  readonly isLegacy: boolean;
  /** An OP_REPLY to a query that failed, whose document is the error. */
  readonly isFailedQuery?: boolean;
  /** Another reply follows without a further request. */
  readonly isMoreToCome: boolean;
}

/** Header bytes to send before the reply's document. */
export function encodeReplyHeader(documentBytes: number, frame: ReplyFrame): Buffer {
  const header = Buffer.alloc(headerBytesOf(frame));
  writeReplyHeader(header, documentBytes, frame);
  return header;
}

/** A whole reply: the header and a copy of the document. */
export function encodeReply(document: Buffer, frame: ReplyFrame): Buffer {
  const headerBytes = headerBytesOf(frame);
  const reply = Buffer.allocUnsafe(headerBytes + document.length).fill(0, 0, headerBytes);
  writeReplyHeader(reply, document.length, frame);
  reply.set(document, headerBytes);
  return reply;
}

function headerBytesOf({ isLegacy }: ReplyFrame): number {
  return isLegacy ? 36 : 21;
}

function writeReplyHeader(header: Buffer, documentBytes: number, frame: ReplyFrame): void {
  header.writeInt32LE(headerBytesOf(frame) + documentBytes, 0);
  header.writeInt32LE(frame.requestId, 4);
  header.writeInt32LE(frame.responseTo, 8);
  header.writeInt32LE(frame.isLegacy ? opReply : opMessage, 12);
  if (frame.isLegacy) {
    header.writeInt32LE(frame.isFailedQuery === true ? flagQueryFailure : flagAwaitCapable, 16);
    header.writeInt32LE(1, 32);
  } else {
    header.writeUInt32LE(frame.isMoreToCome ? flagMoreToCome : 0, 16);
  }
}
