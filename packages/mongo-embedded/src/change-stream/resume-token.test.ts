import { Buffer } from 'node:buffer';
import { documentValue } from '@emcachers/bson/raw-value';
import { BSON, ObjectId } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EventIdentity,
  eventTokenBytes,
  fragmentTokenBytes,
  highWaterMarkBytes,
  readToken,
  tokenDocument,
  tokenText,
} from './resume-token.ts';

const uuid = Buffer.alloc(16, 9);

function identity(seconds: number, increment: number, ordinal: number): EventIdentity {
  const key = BSON.serialize({ _id: new ObjectId('507f1f77bcf86cd799439011') });
  return { time: { seconds, increment }, ordinal, collectionUuid: uuid, operationType: 'insert', key };
}

function codeOf(token: BSON.Document): number | undefined {
  try {
    readToken(documentValue(BSON.serialize(token)));
  } catch (error) {
    return (error as { code: number }).code;
  }
  return undefined;
}

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const place = fc.tuple(uint32, uint32, fc.integer({ min: 0, max: 100_000 }));

describe('resume tokens', () => {
  test('an event token has the parts of a version 2 token of mongod, in its order', () => {
    // Source: `ResumeToken` in src/mongo/db/pipeline/resume_token.cpp of mongodb/mongo; marks of key_string.cpp.
    expect(tokenText(eventTokenBytes(identity(0x65000000, 1, 0)))).toBe(
      [
        '826500000000000001', // time
        '2B04', // version
        '2C0100', // an event
        '29', // ordinal 0
        '6E', // not from an invalidate
        `5A1004${uuid.toString('hex').toUpperCase()}`,
        `46${Buffer.from('<operationType\0<insert\0FdocumentKey\0Fd_id\0d').toString('hex').toUpperCase()}507F1F77BCF86CD7994390110000`,
        '04',
      ].join(''),
    );
    expect(tokenText(highWaterMarkBytes({ seconds: 0x65000000, increment: 1 }, null))).toBe(
      '8265000000000000012B0429296E1404',
    );
    expect(tokenText(highWaterMarkBytes({ seconds: 0x65000000, increment: 1 }, uuid))).toBe(
      `8265000000000000012B0429296E5A1004${uuid.toString('hex').toUpperCase()}04`,
    );
  });

  test('tokens order as text by time, then ordinal', () => {
    fc.assert(
      fc.property(place, place, (left, right) => {
        const texts = [left, right].map((parts) => tokenText(eventTokenBytes(identity(...parts))));
        const difference = left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
        const [one = '', other = ''] = texts;
        expect(one < other ? -1 : Number(one > other)).toBe(Math.sign(difference));
      }),
    );
  });

  test('a high-water mark stands before the events of its time, an invalidate and the fragments behind their event', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 300 }), (parts, fragment) => {
        const event = eventTokenBytes(identity(...parts));
        const ordered = [
          highWaterMarkBytes({ seconds: parts[0], increment: parts[1] }, uuid),
          event,
          fragmentTokenBytes(event, fragment),
          fragmentTokenBytes(event, fragment + 1),
          eventTokenBytes(identity(...parts), true),
        ].map(tokenText);
        expect(ordered.toSorted()).toEqual(ordered);
      }),
    );
  });

  test('a token is read back as what it was', () => {
    fc.assert(
      fc.property(place, fc.boolean(), ([seconds, increment, ordinal], isFromInvalidate) => {
        const bytes = eventTokenBytes(identity(seconds, increment, ordinal), isFromInvalidate);
        expect(readToken(documentValue(tokenDocument(bytes)))).toEqual({
          time: { seconds, increment },
          isHighWaterMark: false,
          isFromInvalidate,
          ordinal,
          uuid,
          bytes,
        });
      }),
    );
  });

  test('what is no token is refused with the codes of mongod', () => {
    expect(codeOf({})).toBe(40647);
    expect(codeOf({ _data: 5 })).toBe(40647);
    expect(codeOf({ _data: 'not hexadecimal' })).toBe(9);
    expect(codeOf({ _data: '' })).toBe(40649);
    expect(codeOf({ _data: '00' })).toBe(50796);
    expect(codeOf({ _data: '8265000000000000012B0A29296E1404' })).toBe(50795);
  });
});
