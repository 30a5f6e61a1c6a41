import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import { MalformedRequest, parseRequest } from './message.ts';

function opMessage(flags: number, sections: Uint8Array[], checksum?: number): Buffer {
  const tail = Buffer.alloc(checksum === undefined ? 0 : 4);
  if (checksum !== undefined) tail.writeUInt32LE(checksum, 0);
  const body = Buffer.concat([...sections, tail]);
  const header = Buffer.alloc(20);
  header.writeInt32LE(20 + body.length, 0);
  header.writeInt32LE(77, 4);
  header.writeInt32LE(2013, 12);
  header.writeUInt32LE(flags, 16);
  return Buffer.concat([header, body]);
}

const body = Buffer.concat([Buffer.from([0]), serialize({ insert: 'items', $db: 'shop' })]);

function sequence(name: string, documents: Uint8Array[]): Buffer {
  const inner = Buffer.concat([Buffer.from(`${name}\0`), ...documents]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(inner.length + 4, 0);
  return Buffer.concat([Buffer.from([1]), length, inner]);
}

test('reads a body with a document sequence in either order', async () => {
  const documents = sequence('documents', [serialize({ _id: 1 }), serialize({ _id: 2 })]);
  for (const sections of [
    [body, documents],
    [documents, body],
  ]) {
    const request = await parseRequest(opMessage(0, sections));
    expect([request.requestId, request.database, request.body.name]).toEqual([77, 'shop', 'insert']);
    expect(request.body.documents('documents')).toHaveLength(2);
  }
});

test('tells unacknowledged and streaming requests by their flags', async () => {
  expect((await parseRequest(opMessage(2, [body]))).isUnacknowledged).toBe(true);
  expect((await parseRequest(opMessage(1 << 16, [body]))).isExhaustAllowed).toBe(true);
});

test('a checksum must match', async () => {
  // RFC 3720, section B.4, and the usual check value of CRC-32C.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  const unsigned = opMessage(1, [body], 0);
  const sum = crc32c(unsigned.subarray(0, unsigned.length - 4));
  expect((await parseRequest(opMessage(1, [body], sum))).database).toBe('shop');
  expect(() => parseRequest(opMessage(1, [body], sum ^ 1))).toThrow(MalformedRequest);
});

test('what cannot be read is malformed, and answerable only where the frame itself is sound', async () => {
  const answerable = async (message: Buffer): Promise<boolean> => {
    try {
      await parseRequest(message);
    } catch (error) {
      if (error instanceof MalformedRequest) return error.form === 'message';
      throw error;
    }
    throw new Error('was read');
  };
  expect(await answerable(opMessage(4, [body]))).toBe(false);
  expect(await answerable(opMessage(0, [body, body]))).toBe(true);
  expect(await answerable(opMessage(0, []))).toBe(true);
  expect(await answerable(opMessage(0, [Buffer.from([9])]))).toBe(true);
  expect(await answerable(opMessage(0, [body, sequence('d', []), sequence('d', [])]))).toBe(true);
  const unknown = opMessage(0, [body]);
  unknown.writeInt32LE(2012, 12);
  expect(await answerable(unknown)).toBe(false);
});
