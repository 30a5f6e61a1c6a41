import { Binary, serialize, Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { MalformedFrameError } from './malformed-frame-error.ts';
import { clusterTimeMs, tokenPosition } from './resume-token.ts';

/** A token of MongoDB 7, from the manual's change event reference. */
const published = '8264BEB9F3000000012B0229296E04';

describe('a resume token', () => {
  test('gives its cluster time, the timestamp at its start', () => {
    const position = tokenPosition(serialize({ _data: published }));
    const expected = new Timestamp({ t: 0x64beb9f3, i: 1 });
    expect(position.clusterTime).toBe(expected.toBigInt());
    expect(clusterTimeMs(position.clusterTime)).toBe(0x64beb9f3 * 1000);
  });

  test('is kept byte for byte, including unknown fields', () => {
    const raw = serialize({ _data: published, _typeBits: new Binary(Buffer.from([1])) });
    const position = tokenPosition(raw);
    expect(position.kind === 'token' ? Buffer.from(position.token).equals(raw) : null).toBe(true);
  });

  test('may be binary, and is compared by its hexadecimal text in either form', () => {
    const position = tokenPosition(serialize({ _data: new Binary(Buffer.from(published, 'hex')) }));
    expect(position).toMatchObject({ kind: 'token', data: published });
  });

  test('is rejected if it has no data or does not start with a timestamp', () => {
    expect(() => tokenPosition(serialize({ other: 1 }))).toThrow(MalformedFrameError);
    expect(() => tokenPosition(serialize({ _data: '2B02' }))).toThrow(MalformedFrameError);
  });
});
