import type { Database } from 'better-sqlite3';
import type { Turns } from '../turns.ts';

/** Rows that are deleted between two looks at the clock. */
const sliceRows = 500;

/** Tables of collections and indexes that are no longer in the catalog, with the number of the largest row of a `c_` table. */
const droppedSql = `SELECT name FROM sqlite_schema WHERE type = 'table'
  AND (name GLOB 'c_[0-9]*' AND CAST(substr(name, 3) AS INTEGER) NOT IN (SELECT id FROM collection)
    OR name GLOB 'x_[0-9]*' AND CAST(substr(name, 3) AS INTEGER) NOT IN (SELECT id FROM collection_index))`;

interface Removal {
  readonly turns: Turns;
  readonly enter: () => void;
}

/**
 * Removes the tables of dropped collections and indexes. Dropping a collection only takes it out of the catalog: freeing the
 * pages of a large table takes as long as reading it. `enter` opens the transaction of the writes.
 */
export async function removeDroppedTables(database: Database, removal: Removal): Promise<void> {
  const { turns } = removal;
  for (const name of database.prepare<unknown[], string>(droppedSql).pluck().all()) {
    await deleteRows(database, name, removal);
    database.exec(`DROP TABLE ${name}`);
    if (turns.isOver) await turns.next();
  }
}

async function deleteRows(database: Database, name: string, { turns, enter }: Removal): Promise<void> {
  const deleted = database.prepare(
    name.startsWith('c_')
      ? `DELETE FROM ${name} WHERE r IN (SELECT r FROM ${name} LIMIT ${sliceRows})`
      : `DELETE FROM ${name} WHERE (k, r) IN (SELECT k, r FROM ${name} LIMIT ${sliceRows})`,
  );
  for (;;) {
    enter();
    const { changes } = deleted.run();
    if (changes < sliceRows) return;
    if (turns.isOver) await turns.next();
  }
}
