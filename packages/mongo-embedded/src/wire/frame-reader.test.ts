import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameError, FrameReader, messageBytesMax } from './frame-reader.ts';

function frame(body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(16 + body.length);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.set(body, 16);
  return bytes;
}

test('gives the same messages however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(frame));
      const reader = new FrameReader();
      const seen: Buffer[] = [];
      let offset = 0;
      for (let index = 0; offset < stream.length; index += 1) {
        const length = cuts[index % cuts.length] ?? 1;
        reader.push(stream.subarray(offset, offset + length));
        offset += length;
        for (let message = reader.next(); message !== undefined; message = reader.next()) seen.push(message);
      }
      expect(seen.map((message) => message.toString('hex'))).toEqual(
        messages.map((body) => frame(body).toString('hex')),
      );
      expect(reader.heldBytes).toBe(0);
    }),
  );
});

test('refuses a length as soon as its four bytes are here', () => {
  for (const length of [-1, 0, 15, messageBytesMax + 1]) {
    const reader = new FrameReader();
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(length, 0);
    reader.push(bytes.subarray(0, 3));
    expect(reader.next()).toBeUndefined();
    reader.push(bytes.subarray(3));
    expect(() => reader.next()).toThrow(FrameError);
  }
});
