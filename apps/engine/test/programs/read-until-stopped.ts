/**
 * A process that reads a published cache again and again, as an application would, opening it each time and keeping one
 * old connection open beside. Arguments: the link, the table, the least number of rows. Ends at the first fault with a line
 * that says so; at SIGTERM with the number of reads.
 */
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';

const [, , link = '', table = '', least = '0'] = process.argv;
let stopped = false;
process.on('SIGTERM', () => {
  stopped = true;
});
let reads = 0;
let kept = new Sqlite(link, { readonly: true, fileMustExist: true });
process.stdout.write('reading\n');
while (!stopped) {
  const fresh = new Sqlite(link, { readonly: true, fileMustExist: true });
  for (const connection of [fresh, kept]) {
    const rows = Number(connection.prepare(`SELECT count(*) FROM "${table}"`).pluck().get());
    if (rows < Number(least)) {
      process.stdout.write(`saw ${rows} rows\n`);
      process.exit(1);
    }
  }
  reads += 1;
  if (reads % 50 === 0) {
    kept.close();
    kept = fresh;
  } else fresh.close();
  await setImmediate();
}
kept.close();
process.stdout.write(`${reads} reads\n`);
