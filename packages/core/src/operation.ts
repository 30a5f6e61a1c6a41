/**
 * An operation, produced by the change source, and an entry, the same operation once the oplog has stored it.
 * An oplog id is int8 in PostgreSQL and a `number` in the engine; packages/db checks that it is a safe integer when it is read.
 */

export const operationKinds = ['Upsert', 'Delete'] as const;
/** An insert, update or replace is an Upsert. */
export type OperationKind = (typeof operationKinds)[number];

/** A change to one document, projected by a shape, not yet in the oplog. */
export interface Operation {
  readonly kind: OperationKind;
  readonly entityId: number;
  /** The document's `_id` as a unique string; see `doc-id.ts`. */
  readonly docId: string;
  /** The projected row in the oplog's encoding (`row-codec.ts`); null for a Delete. */
  readonly data: string | null;
  /** Milliseconds since 1970 at the source (`wallTime` of the change event); null for a scanned document. */
  readonly sourceTimeMs: number | null;
  /** Consecutive operations with the same number, not 0, become visible to readers together. Absent or 0: it stands alone. */
  readonly unit?: number;
}

/** An operation with its oplog id. Id order is commit order (I3). */
export interface OplogEntry extends Operation {
  readonly id: number;
  /** The entity's version when the entry was appended. */
  readonly version: number;
  /** When the entry was appended, by PostgreSQL's clock, milliseconds since 1970. */
  readonly createdAtMs: number;
}
