/**
 * Says a raw BSON value back to the server, byte for byte, through a driver that only serialises JavaScript values: needed
 * for the last key of a page and for resume tokens. Documents become Maps, because objects reorder keys that look like
 * integers; numbers keep their BSON type. What still does not come out as it went in (invalid UTF-8, a key twice,
 * deprecated types) is answered with null, and the caller does without: see `collection-scanner.ts`.
 */
import { type DeserializeOptions, deserialize, serialize } from 'bson';
import { asBuffer, bsonType, ElementWalk } from './element-walk.ts';

const leafOptions: DeserializeOptions = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  validation: { utf8: false },
};

/** A Map that serialises to exactly `document`, or null if there is none. */
export function exactDocument(document: Uint8Array): ReadonlyMap<string, unknown> | null {
  try {
    const map = toMap(asBuffer(document));
    return asBuffer(serialize(map, { ignoreUndefined: false })).equals(document) ? map : null;
  } catch {
    // Not BSON, or a value that the serialiser refuses: there is no exact form either way.
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
  if (walk.type === bsonType.document) return toMap(walk.value());
  if (walk.type === bsonType.array) return [...toMap(walk.value()).values()];
  return leafValue(walk);
}

/** Decodes one value by way of a document `{ v: value }` that holds nothing else. */
function leafValue(walk: ElementWalk): unknown {
  const value = walk.value();
  const bytes = Buffer.alloc(value.length + 8);
  bytes.writeInt32LE(bytes.length, 0);
  bytes[4] = walk.type;
  bytes.write('v', 5);
  value.copy(bytes, 7);
  return deserialize(bytes, leafOptions)['v'];
}
