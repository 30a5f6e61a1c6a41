/** Makes one document of one document. */
export type DocumentTransform = (document: Uint8Array) => Uint8Array;
