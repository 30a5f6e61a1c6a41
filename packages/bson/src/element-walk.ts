import { nameBetween } from './field-names.ts';
import { MalformedBsonError } from './malformed-bson-error.ts';
import { RawValue } from './raw-value.ts';
import { asBuffer } from './read-bytes.ts';
import { cstringEnd, documentEnd, valueEnd } from './value-end.ts';

/**
 * Steps through the elements of one document or array without decoding them:
 * `while (walk.next()) …`, then the fields describe the current element.
 *
 * Both the constructor and `next` throw `MalformedBsonError` if a length exceeds its container, so that the span
 * of every element is inside its document. The content of a nested document is checked when that document is walked.
 */
export class ElementWalk {
  readonly bytes: Buffer;
  type = 0;
  /** Where the element starts: its type byte. */
  elementStart = 0;
  nameStart = 0;
  nameEnd = 0;
  /** The value is `bytes[start, end)`. */
  start = 0;
  end: number;
  readonly #last: number;

  constructor(bytes: Uint8Array, documentStart = 0) {
    this.bytes = asBuffer(bytes);
    this.#last = documentEnd(this.bytes, documentStart) - 1;
    this.end = documentStart + 4;
  }

  /** False at the end of the document. */
  next(): boolean {
    const { bytes } = this;
    const at = this.end;
    if (at === this.#last) return false;
    const type = bytes[at] as number;
    const nameEnd = cstringEnd(bytes, at + 1);
    const end = valueEnd(bytes, type, nameEnd + 1);
    if (end > this.#last) throw new MalformedBsonError(`The value at byte ${nameEnd + 1} reaches beyond its document.`);
    this.type = type;
    this.elementStart = at;
    this.nameStart = at + 1;
    this.nameEnd = nameEnd;
    this.start = nameEnd + 1;
    this.end = end;
    return true;
  }

  /** Decoded at each access; `nameIs` compares without decoding. */
  get name(): string {
    return nameBetween(this.bytes, this.nameStart, this.nameEnd);
  }

  nameIs(name: Uint8Array): boolean {
    const length = name.length;
    if (this.nameEnd - this.nameStart !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.bytes[this.nameStart + index] !== name[index]) return false;
    }
    return true;
  }

  get value(): RawValue {
    return new RawValue(this.type, this.bytes, { start: this.start, end: this.end });
  }

  /** The value's bytes, sharing memory with the document. */
  get valueBytes(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The whole element, sharing memory with the document: type, name and value. */
  get element(): Buffer {
    return this.bytes.subarray(this.elementStart, this.end);
  }
}
