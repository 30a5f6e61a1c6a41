/**
 * Converts a raw BSON value to a JavaScript value that the driver serialises back to the same bytes. Scan pages need this for
 * their last key, streams for their resume token. Documents become Maps, because objects reorder keys that look like integers;
 * numbers keep their BSON type. Values that do not round-trip (invalid UTF-8, duplicate keys, deprecated types) give null;
 * `collection-page.ts` shows how a caller handles that.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { type DeserializeOptions, deserialize, serialize } from 'bson';

const leafOptions: DeserializeOptions = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  validation: { utf8: false },
};

/** Returns a Map that serialises to exactly `document`, or null if none exists. */
export function exactDocument(document: Uint8Array): ReadonlyMap<string, unknown> | null {
  try {
    const map = toMap(asBuffer(document));
    return asBuffer(serialize(map, { ignoreUndefined: false })).equals(document) ? map : null;
  } catch {
    // Not BSON, or a value that the serialiser refuses. Neither has an exact form.
    return null;
  }
}

function toMap(document: Buffer): Map<string, unknown> {
  const map = new Map<string, unknown>();
  const walk = new ElementWalk(document);
  while (walk.next()) map.set(walk.name, toValue(walk));
  return map;
}

function toValue(walk: ElementWalk): unknown {
  if (walk.type === bsonTypes.object) return toMap(walk.valueBytes);
  if (walk.type === bsonTypes.array) return [...toMap(walk.valueBytes).values()];
  return leafValue(walk);
}

/** Decodes one value by wrapping it in a document `{ v: value }`. */
function leafValue(walk: ElementWalk): unknown {
  const value = walk.valueBytes;
  const bytes = Buffer.alloc(value.length + 8);
  bytes.writeInt32LE(bytes.length, 0);
  bytes[4] = walk.type;
  bytes.write('v', 5);
  value.copy(bytes, 7);
  return deserialize(bytes, leafOptions)['v'];
}
