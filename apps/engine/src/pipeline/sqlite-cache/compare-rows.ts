/**
 * Compares rows of a cache file with what the oplog says they are. It reads through a connection of its own, so that it sees
 * the file as readers do, and not the pages that the writer has in memory.
 */
import { decodeRow, type SqlValue } from '@emcachers/core/document/row-codec';
import type { Column, ColumnType } from '@emcachers/core/shape';
import Database from 'better-sqlite3';
import { toCacheError } from './cache-error.ts';
import { readMetadata } from './cache-metadata.ts';
import { quoted } from './cache-statements.ts';
import type { CacheIdentity, DocumentCount, ExpectedRows, RowComparison } from './cache-types.ts';

type StoredRow = readonly [docId: string, ...cells: SqlValue[]];

/** Throws EMC-4001 if the file cannot be read because it is damaged. */
export function compareRows(path: string, identity: CacheIdentity, expected: ExpectedRows): RowComparison {
  return reading(path, (database) => {
    const { offset } = readMetadata(database, path);
    const comparison = new Comparison(identity.columns, expected);
    for (const row of storedRows(database, identity, expected)) comparison.see(row);
    return { ...comparison.end(), offset };
  });
}

export function countDocuments(path: string, { entityName }: CacheIdentity): DocumentCount {
  return reading(path, (database) => {
    const { documents: recorded } = readMetadata(database, path);
    const counted = Number(
      database
        .prepare(`SELECT count(*) FROM ${quoted(entityName)}`)
        .pluck()
        .get(),
    );
    return { recorded, counted };
  });
}

function reading<Answer>(path: string, read: (database: Database.Database) => Answer): Answer {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return database.transaction(() => read(database))();
    } finally {
      database.close();
    }
  } catch (error) {
    throw toCacheError(error, path);
  }
}

function* storedRows(
  database: Database.Database,
  identity: CacheIdentity,
  expected: ExpectedRows,
): Iterable<StoredRow> {
  const { range, docIds } = expected;
  const names = ['doc_id', ...identity.columns.map(({ name }) => name)].map(quoted);
  const prepare = (where: string): Database.Statement<string[], StoredRow> =>
    database
      .prepare<string[], StoredRow>(`SELECT ${names.join(', ')} FROM ${quoted(identity.entityName)} WHERE ${where}`)
      .safeIntegers(true)
      .raw(true);
  if (range === null) {
    const one = prepare('doc_id = ?');
    for (const docId of docIds) yield* one.iterate(docId);
    return;
  }
  const bounds = [...(range.after === null ? [] : ['doc_id > ?']), ...(range.upTo === null ? [] : ['doc_id <= ?'])];
  const values = [range.after, range.upTo].filter((bound) => bound !== null);
  yield* prepare([...bounds, 'true'].join(' AND ')).iterate(...values);
}

class Comparison {
  readonly #types: readonly ColumnType[];
  readonly #expected: Map<string, string | null>;
  readonly #differencesMax: number;
  readonly #extra: string[] = [];
  readonly #different: string[] = [];

  constructor(columns: readonly Column[], { docIds, data, differencesMax }: ExpectedRows) {
    this.#types = columns.map(({ type }) => type);
    this.#expected = new Map(docIds.map((docId, index) => [docId, data[index] ?? null]));
    this.#differencesMax = differencesMax;
  }

  see([docId, ...cells]: StoredRow): void {
    const data = this.#expected.get(docId) ?? null;
    this.#expected.delete(docId);
    if (data === null) this.#note(this.#extra, docId);
    else if (!isSameRow(cells, decodeRow(data, this.#types), this.#types)) this.#note(this.#different, docId);
  }

  #note(list: string[], docId: string): void {
    if (list.length < this.#differencesMax) list.push(docId);
  }

  end(): Omit<RowComparison, 'offset'> {
    const missing: string[] = [];
    for (const [docId, data] of this.#expected) if (data !== null) this.#note(missing, docId);
    return { missing, extra: this.#extra, different: this.#different };
  }
}

function isSameRow(stored: readonly SqlValue[], expected: readonly SqlValue[], types: readonly ColumnType[]): boolean {
  return expected.every((value, index) => isSameValue(stored[index] ?? null, value, types[index] ?? 'Any'));
}

function isSameValue(stored: SqlValue, expected: SqlValue, type: ColumnType): boolean {
  if (stored instanceof Uint8Array) return expected instanceof Uint8Array && Buffer.compare(stored, expected) === 0;
  // SQLite converts the number of an INTEGER column. In other columns a number is a REAL, and 9 is not 9.0.
  if (typeof stored === 'bigint' && typeof expected === 'number')
    return (type === 'Integer' || type === 'Bool') && Number.isInteger(expected) && BigInt(expected) === stored;
  return Object.is(stored, expected);
}
