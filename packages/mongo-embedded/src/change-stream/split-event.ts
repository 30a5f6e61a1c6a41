import type { Buffer } from 'node:buffer';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { nameBytes } from '../query/raw-document.ts';
import { fragmentTokenBytes, tokenText } from './resume-token.ts';

/** Largest event sent unsplit: mongod's internal limit of 16 MiB + 16 KiB, less 8 KiB for the surrounding reply. */
export const eventBytesMax = 16 * 1024 * 1024 + 8 * 1024;

/** One piece of a large event. */
export interface EventFragment {
  readonly document: Uint8Array;
  readonly token: Buffer;
}

/** Overhead of a fragment besides its fields and token: `splitEvent`, lengths and names. */
const fragmentOverheadBytes = 128;

const idName = nameBytes('_id');

/**
 * Splits an event at its top-level fields, smallest first; each fragment has `splitEvent { fragment, of }` and its
 * own token. A single field that is too large is BSONObjectTooLarge 10334. Source:
 * `change_stream_split_event_helpers.cpp` of mongodb/mongo; the manual's page "$changeStreamSplitLargeEvent".
 */
export function splitEvent(document: Uint8Array, token: Buffer): EventFragment[] {
  const room = eventBytesMax - tokenText(token).length - fragmentOverheadBytes;
  const groups: Uint8Array[][] = [];
  let left = 0;
  for (const element of elementsBySize(document)) {
    if (element.length > room) throw tooLarge(element.length);
    if (element.length > left) {
      groups.push([]);
      left = room;
    }
    groups.at(-1)?.push(element);
    left -= element.length;
  }
  return groups.map((elements, index) => fragmentOf(elements, { token, index, count: groups.length }));
}

function elementsBySize(document: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  const walker = new ElementWalk(document);
  while (walker.next()) if (!walker.nameIs(idName)) elements.push(walker.element);
  return elements.sort((left, right) => left.length - right.length);
}

function fragmentOf(
  elements: readonly Uint8Array[],
  place: { readonly token: Buffer; readonly index: number; readonly count: number },
): EventFragment {
  const token = fragmentTokenBytes(place.token, place.index);
  const bytes = elements.reduce((total, element) => total + element.length, 0);
  const writer = new BsonWriter(bytes + token.length * 2 + fragmentOverheadBytes);
  writer.beginDocument('_id').string('_data', tokenText(token)).end();
  writer
    .beginDocument('splitEvent')
    .int32('fragment', place.index + 1)
    .int32('of', place.count)
    .end();
  for (const element of elements) writer.splice(element);
  return { document: writer.finish(), token };
}

export function tooLarge(bytes: number): MongoFailure {
  return new MongoFailure(
    'BSONObjectTooLarge',
    `BSONObj size: ${bytes} (0x${bytes.toString(16).toUpperCase()}) is invalid. Size must be between 0 and 16793600(16MB) First element: _id: {}`,
  );
}
