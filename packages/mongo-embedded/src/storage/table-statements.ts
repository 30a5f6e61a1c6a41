import type { Database, Statement } from 'better-sqlite3';
import { MongoFailure } from '../error/mongo-failure.ts';

/**
 * The prepared statements of one table. Once the table is dropped every use throws QueryPlanKilled 175, as a command does in
 * mongod that finds its collection or index gone after it let other clients take their turn.
 */
export class TableStatements {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement<unknown[], unknown>>();
  #isDropped = false;

  constructor(database: Database) {
    this.#database = database;
  }

  get(sql: string): Statement<unknown[], unknown> {
    if (this.#isDropped) throw new MongoFailure('QueryPlanKilled', 'the collection or index was dropped');
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare<unknown[], unknown>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  drop(): void {
    this.#isDropped = true;
    this.#statements.clear();
  }
}
