import { Binary, Int32, Long, type MongoClient, ObjectId } from 'mongodb';
import { type ColumnType, expectedCell } from './cell.ts';
import { letsThrough } from './filter.ts';
import { expectedMasked, type Mask } from './mask.ts';

export interface ProvedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly path: string;
  readonly mask?: Mask;
}

export interface ProvedShape {
  readonly entityName: string;
  readonly sourceName: string;
  readonly columns: readonly ProvedColumn[];
  /** In Extended JSON; null if every document is copied. */
  readonly where: object | null;
}

/** Rows by DocID; of each row the cells in the order of the columns. */
export type Rows = ReadonlyMap<string, readonly string[]>;

/** What a cache must have. */
interface Expected {
  readonly rows: Rows;
  /** Documents of the source that the filter keeps out. */
  readonly outside: number;
}

/** The rows that a cache of this shape must have now, from the documents as MongoDB's own driver reads them. */
export async function expectedRows(mongo: MongoClient, { sourceName, columns, where }: ProvedShape): Promise<Expected> {
  const dot = sourceName.indexOf('.');
  const collection = mongo.db(sourceName.slice(0, dot)).collection(sourceName.slice(dot + 1));
  const rows = new Map<string, readonly string[]>();
  let outside = 0;
  // Every number keeps the type that it has in the document.
  for await (const document of collection.find({}, { promoteValues: false, batchSize: 2_000 }))
    if (where !== null && !letsThrough(where, document)) outside += 1;
    else
      rows.set(
        expectedDocId(document._id),
        columns.map((column) => cellOf(document, column)),
      );
  return { rows, outside };
}

function cellOf(document: object, { path, type, mask }: ProvedColumn): string {
  const value = valueAt(document, path);
  return mask === undefined ? expectedCell(value, type) : expectedMasked(value, type, mask);
}

/** Paths of the generator's shapes: `$`, a field, or a field of an embedded document. */
function valueAt(document: object, path: string): unknown {
  if (path === '$') return document;
  let value: unknown = document;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = new Map(Object.entries(value)).get(name);
  }
  return value;
}

/** For the kinds of `_id` that the generator makes. */
export function expectedDocId(id: unknown): string {
  if (id instanceof Int32 || id instanceof Long) return `n:${id.toString()}`;
  if (typeof id === 'string') return id;
  if (id instanceof ObjectId) return id.toHexString();
  if (id instanceof Date) return `d:${id.getTime()}`;
  if (id instanceof Binary && id.sub_type === Binary.SUBTYPE_UUID) return `u:${id.toUUID().toString()}`;
  throw new Error(`The oracle does not know the _id ${String(id)}.`);
}
