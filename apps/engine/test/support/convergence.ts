import { realpathSync } from 'node:fs';
import path from 'node:path';
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { compileProjection } from '@emcachers/core/document/projection';
import { cellText } from '@emcachers/core/document/row-codec';
import { parseSourceName, type Shape } from '@emcachers/core/shape';
import Sqlite from 'better-sqlite3';
import type { MongoClient } from 'mongodb';
import { rowCells } from '../../src/control/browse/row-cells.ts';
import { eventually } from './api-client.ts';

/** I1, looked at from outside: what the file holds against what the source's documents project to. */
export type Rows = Map<string, string>;

export async function projectedSource(mongo: MongoClient, shape: Shape): Promise<Rows> {
  const { database, collection } = parseSourceName(shape.sourceName);
  const projection = compileProjection(shape.columns);
  const rows: Rows = new Map();
  const cursor = mongo.db(database).collection(collection).find({}, { raw: true, batchSize: 5_000 });
  for await (const raw of cursor) {
    if (!(raw instanceof Uint8Array)) throw new Error('The driver decoded a document that was asked for raw.');
    rows.set(docIdOfDocument(raw), JSON.stringify(rowCells(projection.project(raw).data, shape.columns)));
  }
  return rows;
}

export function cacheRows(dataDir: string, shape: Shape): Rows {
  const file = realpathSync(path.join(dataDir, 'dbs', shape.entityName, 'db.sqlite'));
  const database = new Sqlite(file, { readonly: true });
  try {
    const names = shape.columns.map(({ name }) => `"${name}"`).join(', ');
    const select = database.prepare<[], unknown[]>(`SELECT doc_id, ${names} FROM "${shape.entityName}"`).raw(true);
    const rows: Rows = new Map();
    for (const [docId, ...values] of select.safeIntegers(true).iterate()) {
      const cells = values.map((value) => cellText(value as Parameters<typeof cellText>[0]));
      rows.set(String(docId), JSON.stringify(cells));
    }
    return rows;
  } finally {
    database.close();
  }
}

/** Missing, extra and different rows, a few of each; empty when the cache equals its source. */
export function differences(expected: Rows, actual: Rows): string[] {
  const found: string[] = [];
  for (const [docId, row] of expected) {
    const held = actual.get(docId);
    if (held === undefined) found.push(`missing ${docId}`);
    else if (held !== row) found.push(`different ${docId}: ${held} instead of ${row}`);
  }
  for (const docId of actual.keys()) if (!expected.has(docId)) found.push(`extra ${docId}`);
  return found.slice(0, 10);
}

/** Waits until the cache equals its quiet source; says what still differs when it never does. */
export async function converged(place: { mongo: MongoClient; dataDir: string }, shape: Shape): Promise<number> {
  const expected = await projectedSource(place.mongo, shape);
  await eventually(async () => {
    const wrong = differences(expected, cacheRows(place.dataDir, shape));
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return true;
  }, `the cache ${shape.entityName} to equal its source`);
  return expected.size;
}
