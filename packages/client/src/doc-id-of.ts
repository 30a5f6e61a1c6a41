import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { idDocument } from './id-bytes.ts';

/**
 * The DocID of a document's `_id`: the value of the column `doc_id`. Takes what the MongoDB driver returns as `_id`. Throws a
 * TypeError for a value that the driver could not have stored.
 */
export function docIdOf(id: unknown): string {
  return docIdOfDocument(idDocument(id));
}
