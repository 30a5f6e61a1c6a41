import path from 'node:path';
import process from 'node:process';
import { fullSizes, measureMongoEmbedded, quickSizes } from './mongo-embedded/mongo-embedded.ts';
import { measureAtOnce } from './path/entities-at-once.ts';
import { measureLive } from './path/live.ts';
import { measureManyEntities } from './path/many-entities.ts';
import { measureReadYourWrites } from './path/read-your-writes.ts';
import { measureScan } from './path/scan.ts';
import { measureCompaction } from './stages/compaction.ts';
import { measureConvert } from './stages/convert.ts';
import { measureOplog } from './stages/oplog.ts';
import { measureSqliteCache } from './stages/sqlite-cache.ts';
import { argumentProblem } from './support/argument-problem.ts';
import type { Measurement } from './support/measurement.ts';
import { printSection, type Section, saveReport } from './support/report.ts';

/**
 * `npm run bench` measures each stage and the whole path in one run on one machine, so that the figures are comparable.
 * `npm run bench -- stages` or `-- path` runs one group, `-- scan live` runs single parts by name; `-- quick` uses smaller
 * collections.
 */
interface Part {
  /** On the command line. */
  readonly name: string;
  readonly title: string;
  readonly group: 'stages' | 'path';
  readonly measure: () => Promise<Measurement[]>;
}

const words = process.argv.slice(2);
const startedAt = new Date();
const wanted = new Set(words);
const isQuick = wanted.delete('quick');
const sizes = isQuick ? [5_000, 50_000] : [20_000, 200_000];
const parts: readonly Part[] = [
  {
    name: 'mongo',
    title: 'Embedded MongoDB',
    group: 'stages',
    measure: () => measureMongoEmbedded(isQuick ? quickSizes : fullSizes),
  },
  { name: 'convert', title: 'Conversion', group: 'stages', measure: measureConvert },
  { name: 'oplog', title: 'Oplog in PostgreSQL', group: 'stages', measure: measureOplog },
  {
    name: 'compaction',
    title: 'Compaction',
    group: 'stages',
    measure: () => measureCompaction(isQuick ? 200_000 : 2_000_000),
  },
  { name: 'cache', title: 'Cache files', group: 'stages', measure: measureSqliteCache },
  { name: 'scan', title: 'Scan, end to end', group: 'path', measure: () => measureScan(sizes) },
  { name: 'live', title: 'Live changes, end to end', group: 'path', measure: measureLive },
  { name: 'waits', title: 'Read your writes, end to end', group: 'path', measure: measureReadYourWrites },
  {
    name: 'at-once',
    title: 'Many entities at once',
    group: 'path',
    measure: () => measureAtOnce(isQuick ? 50_000 : 1_000_000),
  },
  { name: 'idle', title: 'Many idle entities', group: 'path', measure: () => measureManyEntities(isQuick ? 50 : 300) },
];

const problem = argumentProblem(words, ['stages', 'path', ...parts.map(({ name }) => name), 'quick']);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}

const sections: Section[] = [];
for (const { name, title, group, measure } of parts) {
  if (wanted.size > 0 && !wanted.has(group) && !wanted.has(name)) continue;
  const section = { title, measurements: await measure() };
  printSection(section);
  sections.push(section);
}
console.log(`\nKept in ${saveReport(path.resolve(import.meta.dirname, '..'), sections, startedAt)}`);
