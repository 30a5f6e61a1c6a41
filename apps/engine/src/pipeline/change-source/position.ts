/**
 * A place in MongoDB's change stream. Kept in PostgreSQL as `mongo_resume_token`.
 *
 * `time` is used before the first token is known: the stream starts at this cluster time, inclusive.
 * `token` is the server's token document, kept as raw BSON because its format is private to the server. The engine reads only
 * `data` (its `_data`, which MongoDB documents as comparable) and the cluster time at its head.
 */
export type Position =
  | { readonly kind: 'time'; readonly clusterTime: bigint }
  | {
      readonly kind: 'token';
      /** Raw BSON of the token document. */
      readonly token: Uint8Array;
      /** `_data` in upper-case hexadecimal: byte order is stream order. */
      readonly data: string;
      /** BSON timestamp (seconds in the high 32 bits, ordinal in the low) of the token. */
      readonly clusterTime: bigint;
    };
