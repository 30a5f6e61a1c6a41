// Keeps the JSON text of every row in memory, for example for a web server, and makes anew only the texts of rows that changed.
// For each key (`doc_id`) of standard input: prints the offset, how many texts were made so far, and the text of the row.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { openCache } from '@emcachers/client';

const [, , dataDir, entity] = process.argv;
const cache = openCache({ dataDir, entity });
const texts = new Map();
let offset = 0;
let made = 0;

function keep(row) {
  // An integer beyond 2^53 is a bigint, which JSON does not know.
  const text = JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? value.toString() : value));
  texts.set(row.doc_id, text);
  made += 1;
}

function loadAll() {
  cache.read(() => {
    texts.clear();
    for (const row of cache.query(`SELECT * FROM "${entity}"`)) keep(row);
    offset = cache.offset();
  });
}

function loadChanged(changes) {
  // A key that changed several times is read once, as it is now.
  for (const key of new Set(changes.map((change) => change.key))) {
    const row = cache.getByDocId(key);
    if (row === undefined) texts.delete(key);
    else keep(row);
  }
}

// First listen, then load: a change in between is loaded twice, and none is missed.
cache.onChange((change) => {
  if (change.kind === 'gone') {
    texts.clear();
    return;
  }
  if (change.complete) loadChanged(change.changes);
  else loadAll();
  offset = change.offset;
});
loadAll();

for await (const key of createInterface({ input: process.stdin }))
  process.stdout.write(`${offset} ${made} ${texts.get(key) ?? 'no row'}\n`);
cache.close();
