/**
 * The keys of the last changed rows of a cache file, so that a reader learns which rows to read again. They are written in the
 * transaction of the rows, and bounded: docs/decisions/0027-changed-keys.md. Numbers rise by one with each change of a row, for the
 * life of the file.
 * Worst case: changes that nobody recorded, such as those of an engine without this table. The numbers then have a gap,
 * and a reader is told that it must read everything again.
 */
import type Database from 'better-sqlite3';
import { z } from 'zod';

export type ChangeKind = 'inserted' | 'updated' | 'deleted';

/** One row for each transaction, by the number of its first change. Not a name that an entity can have. Readers of any language find it in docs/reading-a-cache.md. */
const table = '"emc:changes"';
const createSql = `CREATE TABLE IF NOT EXISTS ${table} (number INTEGER PRIMARY KEY, offset INTEGER NOT NULL, changes TEXT NOT NULL) STRICT`;
const saveSql = `INSERT INTO metadata (key, value) VALUES ('changes', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

/** `first` to `last` are in the table; `last` is `first - 1` if none is. `offset` is the file's when they were written. */
const rangeSchema = z.object({ first: z.int(), last: z.int(), offset: z.int() });
type ChangeRange = z.infer<typeof rangeSchema>;

interface Statements {
  readonly insert: Database.Statement<unknown[]>;
  readonly prune: Database.Statement<unknown[]>;
  readonly oldest: Database.Statement<unknown[]>;
  readonly save: Database.Statement<unknown[]>;
}

type Change = readonly [docId: string, kind: ChangeKind];

export class ChangedKeys {
  readonly #database: Database.Database;
  #statements: Statements | null = null;
  /** How many changes are kept; 0: none are recorded; null: not known yet. */
  #keep: number | null = null;
  #range: ChangeRange | null = null;
  #noted: Change[] = [];

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Call it outside of a transaction, before rows change. True if it wrote to the file. */
  keep(count: number, offset: number): boolean {
    if (count === this.#keep) return false;
    const found = readRange(this.#database);
    const isWritten = count === 0 ? this.#end(found) : this.#begin(found, offset);
    this.#keep = count;
    return isWritten;
  }

  #end(found: ChangeRange | null): boolean {
    this.#range = null;
    this.#statements = null;
    if (found === null) return false;
    this.#database
      .transaction(() => {
        this.#database.exec(`DROP TABLE IF EXISTS ${table}; DELETE FROM metadata WHERE key = 'changes'`);
      })
      .immediate();
    return true;
  }

  #begin(found: ChangeRange | null, offset: number): boolean {
    const isWhole = found !== null && found.offset === offset;
    // One number is left out, so that no reader takes what follows for all that happened.
    const last = found === null ? 0 : found.last + 1;
    const range = isWhole ? found : { first: last + 1, last, offset };
    if (!isWhole)
      this.#database
        .transaction(() => {
          this.#database.exec(`${createSql}; DELETE FROM ${table}`);
          this.#database.prepare(saveSql).run(JSON.stringify(range));
        })
        .immediate();
    this.#range = range;
    return !isWhole;
  }

  note(docId: string, kind: ChangeKind): void {
    if (this.#range !== null) this.#noted.push([docId, kind]);
  }

  /** Within the transaction that changed the rows. If it is rolled back, call `forget`. */
  save(offset: number): void {
    if (this.#range === null) return;
    const { insert, prune, oldest, save } = this.#prepared;
    const keep = this.#keep ?? 0;
    const count = this.#noted.length;
    const last = this.#range.last + count;
    if (count > 0) {
      // A transaction is kept as a whole or not at all.
      if (count <= keep) insert.run(last - count + 1, offset, JSON.stringify(this.#noted));
      prune.run(last - keep);
    }
    const first = Number(oldest.get() ?? last + 1);
    this.#range = { first, last, offset };
    save.run(JSON.stringify(this.#range));
    this.#noted = [];
  }

  /** What the file has is read again before the next change. */
  forget(): void {
    this.#keep = null;
    this.#range = null;
    this.#noted = [];
  }

  get #prepared(): Statements {
    this.#statements ??= {
      insert: this.#database.prepare(`INSERT INTO ${table} (number, offset, changes) VALUES (?, ?, ?)`),
      prune: this.#database.prepare(`DELETE FROM ${table} WHERE number <= ?`),
      oldest: this.#database.prepare(`SELECT min(number) FROM ${table}`).pluck(),
      save: this.#database.prepare(saveSql),
    };
    return this.#statements;
  }
}

/** Null if nothing was recorded, or the value was changed by hand. */
function readRange(database: Database.Database): ChangeRange | null {
  const value = database.prepare<[], string>("SELECT value FROM metadata WHERE key = 'changes'").pluck().get();
  try {
    return value === undefined ? null : (rangeSchema.safeParse(JSON.parse(value)).data ?? null);
  } catch {
    return null;
  }
}
