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

/** Passes every document to `take`; yields the nulls between them. */
export function* drain(source: Documents, take: (document: Uint8Array) => void): Iterable<null> {
  for (const document of source) {
    if (document === null) yield null;
    else take(document);
  }
}

/** Replaces every document with the documents that `expand` makes of it; passes the nulls on. */
export function* expanded(source: Documents, expand: (document: Uint8Array) => Documents): Documents {
  for (const document of source) {
    if (document === null) yield null;
    else yield* expand(document);
  }
}
