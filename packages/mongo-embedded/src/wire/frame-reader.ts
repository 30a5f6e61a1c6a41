import { Buffer } from 'node:buffer';

/** Largest message of the wire protocol; `hello` announces it as maxMessageSizeBytes. */
export const messageBytesMax = 48_000_000;

const headerBytes = 16;

/** An invalid message length; the connection cannot be read further. */
export class FrameError extends Error {}

/**
 * Cuts a byte stream into wire messages. Chunks are joined once per message, so a message of 48 MB costs one copy.
 * Holds at most one unfinished message; the length is checked as soon as its four bytes have arrived.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** Bytes buffered but not yet returned as a message. */
  get heldBytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** The next whole message with its header, or undefined until more bytes arrive. */
  next(): Buffer | undefined {
    if (this.#bytes < 4) return undefined;
    const length = this.#peekLength();
    if (length < headerBytes || length > messageBytesMax)
      throw new FrameError(`Message length ${length} is out of range`);
    return this.#bytes < length ? undefined : this.#take(length);
  }

  #peekLength(): number {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= 4) return first.readInt32LE(0);
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined.readInt32LE(0);
  }

  #take(length: number): Buffer {
    const first = this.#chunks[0];
    const whole = first !== undefined && first.length >= length ? first : Buffer.concat(this.#chunks);
    if (whole !== first) this.#chunks = [whole];
    const rest = whole.subarray(length);
    if (rest.length === 0) this.#chunks.shift();
    else this.#chunks[0] = rest;
    this.#bytes -= length;
    return whole.subarray(0, length);
  }
}
