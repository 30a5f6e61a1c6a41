import { bsonTypes } from '@emcachers/bson/bson-types';
import { checkedDocument } from '@emcachers/bson/value-end';
import { toDocumentError } from '../src/document/document-error.ts';
import { valueJson } from '../src/document/json-writer.ts';

/** The whole document as JSON text, which reads and validates every byte. */
export function documentJson(raw: Uint8Array): string {
  try {
    return valueJson(checkedDocument(raw), { type: bsonTypes.object, start: 0 }, 0);
  } catch (error) {
    throw toDocumentError(error);
  }
}
