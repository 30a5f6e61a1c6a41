/**
 * What the change source says of one document, and what the oplog makes of it.
 * Positions that cross a process boundary are decimal strings (int8 does not fit a JavaScript number everywhere);
 * inside the engine an oplog id is a `number`, checked once at the database's edge to be a safe integer.
 */

export const operationKinds = ['Upsert', 'Delete'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** One document's change, projected by a shape, not yet in the oplog. */
export interface Operation {
  readonly kind: OperationKind;
  readonly entityId: number;
  /** The document's `_id` as an unambiguous string, see `doc-id.ts`. */
  readonly docId: string;
  /** The projected row in the oplog's encoding (`row-codec.ts`); null for a Delete. */
  readonly data: string | null;
  /** Milliseconds since 1970 at the source (`wallTime` of the change event); null for a scanned document. */
  readonly sourceTimeMs: number | null;
}

/** An operation once it has an id: the id order is the order of commits (I3). */
export interface OplogEntry extends Operation {
  readonly id: number;
  /** Scan number of the entity when the entry was appended. */
  readonly version: number;
  /** PostgreSQL's clock at the append, milliseconds since 1970. */
  readonly createdAtMs: number;
}
