import type { Documents } from './stage.ts';

/** Documents between two nulls. */
const paceDocuments = 64;

/** The same documents with a null at least after every 64th. */
export function* paced(source: Documents): Documents {
  let sinceNull = 0;
  for (const document of source) {
    yield document;
    sinceNull = document === null ? 0 : sinceNull + 1;
    if (sinceNull < paceDocuments) continue;
    yield null;
    sinceNull = 0;
  }
}

/** Reads all documents into `taken`; yields the nulls between them. */
export function* gather(source: Documents, taken: Uint8Array[]): Iterable<null> {
  for (const document of source) {
    if (document === null) yield null;
    else taken.push(document);
  }
}
