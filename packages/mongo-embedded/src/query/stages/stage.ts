/** One stage of a pipeline: documents in, documents out, both read one at a time. */
export type Stage = (source: Iterable<Uint8Array>) => Iterable<Uint8Array>;
