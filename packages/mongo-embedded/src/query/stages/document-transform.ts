/** Transforms one document into another. */
export type DocumentTransform = (document: Uint8Array) => Uint8Array;
