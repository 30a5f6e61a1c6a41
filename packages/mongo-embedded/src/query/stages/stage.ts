/** Documents of a pipeline. Null stands for a place where the reader may let other clients take their turn. */
export type Documents = Iterable<Uint8Array | null>;

/** One stage of a pipeline: documents in, documents out, both read one at a time. A stage passes every null on at once. */
export type Stage = (source: Documents) => Documents;
