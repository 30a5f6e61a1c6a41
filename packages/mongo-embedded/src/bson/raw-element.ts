import { ElementWalk } from '@emcachers/bson/element-walk';
import { checkedDocument } from '@emcachers/bson/value-end';

/** One element of a raw document: `bytes` is the value without type and name: a view of the document, which must not be changed. */
export interface RawElement {
  readonly type: number;
  readonly bytes: Buffer;
}

/**
 * Walks the top level of a raw document in order. The visitor may answer `false` to stop.
 * Throws `MalformedBsonError` if the bytes are not well-formed; nested documents are not checked.
 */
export function forEachElement(
  document: Uint8Array,
  visit: (name: string, element: RawElement) => boolean | undefined,
): void {
  const walk = new ElementWalk(checkedDocument(document));
  while (walk.next()) if (visit(walk.name, { type: walk.type, bytes: walk.valueBytes }) === false) return;
}

/** The first element of that name, or undefined. */
export function findElement(document: Uint8Array, name: string): RawElement | undefined {
  const walk = new ElementWalk(checkedDocument(document));
  while (walk.next()) if (walk.name === name) return { type: walk.type, bytes: walk.valueBytes };
  return undefined;
}
