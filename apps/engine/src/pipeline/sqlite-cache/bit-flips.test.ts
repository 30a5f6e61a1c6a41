import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { testRandom } from '../../../test/support/test-random.ts';
import { CacheFile } from './cache-file.ts';
import { checkStructure } from './check-structure.ts';
import { compareRows, countDocuments } from './compare-rows.ts';

const documents = Array.from({ length: 1_500 }, (_, index) => [`doc ${index}`, index] as const);
const batch = batchOf(0, ...documents);
const flips = 400;

/** As an application reads them: by the key, whose index may be wrong, and by the table. Null if it gets an error. */
function rowsAsRead(path: string): string | null {
  const database = new Sqlite(path, { readonly: true });
  try {
    const byKey = database.prepare('SELECT * FROM orders ORDER BY doc_id').all();
    const byTable = database.prepare('SELECT * FROM orders ORDER BY rowid').all();
    const one = database.prepare('SELECT n FROM orders WHERE doc_id = ?').pluck();
    return JSON.stringify([byKey, byTable, batch.docIds.map((docId) => one.get(docId))]);
  } catch {
    return null;
  } finally {
    database.close();
  }
}

/** What a verification does with a file. */
function isFoundWrong(path: string): boolean {
  try {
    checkStructure({ path, entityId: identity.entityId, thorough: true });
    const expected = { ...batch, range: { after: null, upTo: null }, differencesMax: 10 };
    const { missing, extra, different } = compareRows(path, identity, expected);
    const { recorded, counted } = countDocuments(path, identity);
    return missing.length + extra.length + different.length > 0 || recorded !== counted;
  } catch {
    return true;
  }
}

test('of 400 files with one wrong bit, a verification finds every one of which a reader gets a wrong row or an error', () => {
  using directory = temporaryDirectory();
  const sound = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(sound, identity, 1);
  file.apply(batch);
  file.complete();
  file.close();
  const path = join(directory.path, 'flipped.sqlite');
  copyFileSync(sound, path);
  expect(isFoundWrong(path)).toBe(false);
  const right = rowsAsRead(path);
  const bytes = readFileSync(sound);
  const random = testRandom();
  const missed: number[] = [];
  let wrong = 0;
  for (let flip = 0; flip < flips; flip += 1) {
    const bit = Math.floor(random() * bytes.length * 8);
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(path, flipped);
    if (rowsAsRead(path) === right) continue;
    wrong += 1;
    if (!isFoundWrong(path)) missed.push(bit);
  }
  expect(wrong).toBeGreaterThan(100);
  expect(missed).toEqual([]);
});
