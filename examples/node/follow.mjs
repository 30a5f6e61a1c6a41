// For each line of standard input: waits for that source time, then prints the cache's offset and number of rows.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { openCache } from '@emcachers/client';

const [, , dataDir, entity] = process.argv;
const cache = openCache({ dataDir, entity });

for await (const line of createInterface({ input: process.stdin })) {
  if (line !== '') await cache.waitFor(BigInt(line), { timeoutMs: 10_000 });
  const { offset, rows } = cache.read(() => {
    const [{ rows }] = cache.query(`SELECT count(*) AS rows FROM "${entity}"`);
    return { offset: cache.offset(), rows };
  });
  process.stdout.write(`${offset} ${rows}\n`);
}
cache.close();
