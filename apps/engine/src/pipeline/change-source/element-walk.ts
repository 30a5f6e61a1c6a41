/**
 * Walks the elements of one raw BSON document without decoding their values: enough for the frames around user documents
 * (replies, change events, tokens), which must be taken apart without touching what is inside them (I10, I13).
 * Layout of each type: https://bsonspec.org/spec.html
 */

export const bsonType = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
} as const;

/** What came from the server is not BSON, or its frame is cut short: a defect of the server or of the network between. */
export class MalformedFrameError extends Error {
  constructor(message: string) {
    super(`MongoDB sent a malformed frame: ${message}.`);
    this.name = 'MalformedFrameError';
  }
}

/** Bytes of the values that have the same length always. */
const fixedLengths: ReadonlyMap<number, number> = new Map([
  [0x01, 8],
  [0x06, 0],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x0a, 0],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
  [0x13, 16],
  [0x7f, 0],
  [0xff, 0],
]);

/** A cursor over the elements of one document: `while (walk.next())`, then read `type`, `name`, `start` and `end`. */
export class ElementWalk {
  readonly buffer: Buffer;
  /** The present element's BSON type. */
  type = 0;
  name = '';
  /** Where the present element begins: its type byte. */
  elementStart = 0;
  /** Where the present value begins and ends in `buffer`. */
  start = 0;
  end = 0;
  readonly #documentEnd: number;

  constructor(buffer: Buffer, documentStart = 0) {
    const length = documentStart + 5 <= buffer.length ? buffer.readInt32LE(documentStart) : 0;
    this.buffer = buffer;
    this.#documentEnd = documentStart + length - 1;
    if (length < 5 || this.#documentEnd >= buffer.length) throw new MalformedFrameError('wrong document length');
    if (buffer[this.#documentEnd] !== 0) throw new MalformedFrameError('document without its end');
    this.end = documentStart + 4;
  }

  next(): boolean {
    const position = this.end;
    if (position === this.#documentEnd) return false;
    if (position > this.#documentEnd) throw new MalformedFrameError('element beyond its document');
    const nameEnd = this.buffer.indexOf(0, position + 1);
    if (nameEnd < 0 || nameEnd >= this.#documentEnd) throw new MalformedFrameError('name without its end');
    this.type = this.buffer[position] ?? 0;
    this.elementStart = position;
    this.name = this.buffer.toString('utf8', position + 1, nameEnd);
    this.start = nameEnd + 1;
    this.end = this.start + this.#valueLength();
    if (this.end > this.#documentEnd) throw new MalformedFrameError(`value of ${this.name} beyond its document`);
    return true;
  }

  /** The present value's bytes, sharing memory with the buffer. */
  value(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  /** The present value as text; the caller knows that it is a string. */
  text(): string {
    return this.buffer.toString('utf8', this.start + 4, this.end - 1);
  }

  #valueLength(): number {
    const fixed = fixedLengths.get(this.type);
    if (fixed !== undefined) return fixed;
    if (this.type === 0x0b) return this.#cStringsEnd() - this.start;
    if (this.start + 4 > this.#documentEnd) throw new MalformedFrameError('length beyond its document');
    const length = this.buffer.readInt32LE(this.start);
    if (length < 0) throw new MalformedFrameError('negative length');
    if (this.type === 0x05) return length + 5;
    // A DBPointer is a string and an ObjectId.
    if (this.type === 0x0c) return length + 16;
    if (this.type === 0x02 || this.type === 0x0d || this.type === 0x0e) return length + 4;
    // Documents, arrays and code with scope count their own length.
    if (this.type === 0x03 || this.type === 0x04 || this.type === 0x0f) return Math.max(length, 5);
    throw new MalformedFrameError(`unknown type ${this.type}`);
  }

  /** A regular expression is two C strings. */
  #cStringsEnd(): number {
    const first = this.buffer.indexOf(0, this.start);
    const second = first < 0 ? -1 : this.buffer.indexOf(0, first + 1);
    if (second < 0) throw new MalformedFrameError('regular expression without its end');
    return second + 1;
  }
}

/** A view of raw bytes as a Buffer, sharing their memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
