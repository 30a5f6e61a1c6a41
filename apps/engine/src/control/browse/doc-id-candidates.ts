import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { EJSON, serialize } from 'bson';

/**
 * The DocIDs that a person may mean by a text: the DocID itself, or the `_id` as it is written in a shell, in JSON or in extended
 * JSON. `2` can be the number and the string, so there can be several; the DocID itself comes first.
 */
export function docIdCandidates(text: string): string[] {
  const typed = text.trim();
  const values = [...asJson(unwrapped(typed)), typed];
  const docIds = values.map((value) => docIdOfDocument(serialize({ _id: value }, { ignoreUndefined: false })));
  return [...new Set([typed, ...docIds])];
}

const hex = /^[0-9a-f]{24}$/i;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const shellCall =
  /^(?:new )?(ObjectId|UUID|ISODate|Date|NumberInt|NumberLong|NumberDecimal|Long|Int32|Decimal128)\((.*)\)$/;

const extendedKeys: Readonly<Record<string, string>> = {
  ObjectId: '$oid',
  UUID: '$uuid',
  ISODate: '$date',
  Date: '$date',
  NumberDecimal: '$numberDecimal',
  Decimal128: '$numberDecimal',
  NumberLong: '$numberLong',
  Long: '$numberLong',
  NumberInt: '$numberInt',
  Int32: '$numberInt',
};

/** Extended JSON of what the shell writes as a call, or of an id that is recognized by its form; anything else unchanged. */
function unwrapped(text: string): string {
  const [, name, argument] = shellCall.exec(text) ?? [];
  const key = name === undefined ? undefined : extendedKeys[name];
  if (key !== undefined) return JSON.stringify({ [key]: (argument ?? '').trim().replace(/^(["'])(.*)\1$/, '$2') });
  if (hex.test(text)) return JSON.stringify({ $oid: text });
  return uuid.test(text) ? JSON.stringify({ $uuid: text }) : text;
}

/** The value that the text is in extended JSON; none if it is not JSON. Integers beyond 2^53 keep their digits. */
function asJson(text: string): unknown[] {
  if (/^-?\d+$/.test(text)) return asJson(`{"$numberDecimal":"${text}"}`);
  try {
    const { _id: value }: { _id?: unknown } = EJSON.parse(`{"_id":${text}}`, { relaxed: false });
    return value === undefined ? [] : [value];
  } catch {
    return [];
  }
}
