/**
 * Extended JSON of test files to driver values. Plain JSON numbers stay JavaScript numbers, because most of them are
 * driver options; `$numberLong` and its kin keep their BSON type, because those are document values.
 */
import { type Document, EJSON } from 'bson';

const WRAPPERS = new Set([
  '$oid',
  '$numberLong',
  '$numberDecimal',
  '$binary',
  '$uuid',
  '$date',
  '$timestamp',
  '$regularExpression',
  '$code',
  '$symbol',
  '$minKey',
  '$maxKey',
  '$undefined',
  '$dbPointer',
]);

/** Parses extended JSON text; throws SyntaxError or BSONError where it is malformed. */
export function parseExtendedJson(text: string): unknown {
  return revive(JSON.parse(text));
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const document = value as Document;
  const keys = Object.keys(document);
  if (keys.length === 1 && typeof document['$numberInt'] === 'string') return Number(document['$numberInt']);
  if (isWrapped(document, keys)) return EJSON.deserialize(document, { relaxed: false });
  return Object.fromEntries(Object.entries(document).map(([key, entry]) => [key, revive(entry)]));
}

/** Whether the document stands for a single value that is not a plain number. */
function isWrapped(document: Document, keys: readonly string[]): boolean {
  if (keys.length === 1 && typeof document['$numberDouble'] === 'string') return true;
  return keys.length <= 2 && keys.some((key) => WRAPPERS.has(key));
}
