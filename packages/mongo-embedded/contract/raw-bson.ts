/** Builds BSON from bytes, for documents that no driver would write: kept types, odd keys, damaged values. */

/** A document of elements, framed with its length and its final zero. */
export function rawDocument(...elements: readonly Buffer[]): Buffer {
  const body = Buffer.concat(elements);
  const head = Buffer.alloc(4);
  head.writeInt32LE(body.length + 5, 0);
  return Buffer.concat([head, body, Buffer.from([0])]);
}

/** One element: type byte, name, value bytes as given. */
export function rawElement(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`, 'utf8'), value]);
}

export function rawString(name: string, text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`, 'utf8');
  const head = Buffer.alloc(4);
  head.writeInt32LE(bytes.length, 0);
  return rawElement(0x02, name, Buffer.concat([head, bytes]));
}

export function rawInt(name: string, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return rawElement(0x10, name, bytes);
}

export function rawEmbedded(name: string, document: Buffer): Buffer {
  return rawElement(0x03, name, document);
}

export function rawArray(name: string, documents: readonly Buffer[]): Buffer {
  return rawElement(
    0x04,
    name,
    rawDocument(...documents.map((document, index) => rawEmbedded(String(index), document))),
  );
}
