import type { Database, Statement } from 'better-sqlite3';

/** One SQL statement that changed the database, with the values that it was run with. */
export interface WriteStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Statements of the commit group itself. */
const controls: ReadonlySet<string> = new Set(['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK']);

/**
 * Records every statement that changes a database, so that another database in the same state can be changed likewise.
 *
 * Recording at the level of SQL replicates documents, indexes, the history and the session table alike, and no write
 * can be forgotten. Every value of a statement is bound or a literal, and row ids are assigned in order, so the same
 * statements in the same order give the same file content.
 */
export class WriteRecorder {
  /** Statements that run while this is false are not recorded. */
  isOn = false;
  #statements: WriteStatement[] = [];

  constructor(database: Database) {
    const prepare = database.prepare.bind(database) as (sql: string) => Statement<unknown[]>;
    const exec = database.exec.bind(database);
    database.prepare = ((sql: string) => this.#recorded(prepare(sql), sql)) as Database['prepare'];
    database.exec = (sql) => {
      exec(sql);
      if (!controls.has(sql)) this.#record(sql, []);
      return database;
    };
  }

  /** The statements recorded since the last call. */
  take(): WriteStatement[] {
    const statements = this.#statements;
    this.#statements = [];
    return statements;
  }

  #recorded(statement: Statement<unknown[]>, sql: string): Statement<unknown[]> {
    if (statement.readonly || controls.has(sql)) return statement;
    if (statement.reader) throw new Error('A statement that writes and returns rows cannot be recorded');
    const run = statement.run.bind(statement);
    statement.run = (...values) => {
      const result = run(...values);
      this.#record(sql, values);
      return result;
    };
    return statement;
  }

  /** Copies bytes, because the caller may use its buffer again. */
  #record(sql: string, values: readonly unknown[]): void {
    if (!this.isOn) return;
    const copies = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
    this.#statements.push({ sql, values: copies });
  }
}
