import path from 'node:path';
import process from 'node:process';
import { fullSizes, measureMongoEmbedded, quickSizes } from './mongo-embedded/mongo-embedded.ts';
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
 * `npm run bench -- stages` or `-- path` runs one part; `-- quick` uses smaller collections.
 */
interface Part {
  readonly title: string;
  readonly group: 'stages' | 'path';
  readonly measure: () => Promise<Measurement[]>;
}

const words = process.argv.slice(2);
const problem = argumentProblem(words, ['stages', 'path', 'quick']);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}

const startedAt = new Date();
const wanted = new Set(words);
const isQuick = wanted.delete('quick');
const sizes = isQuick ? [5_000, 50_000] : [20_000, 200_000];
const parts: readonly Part[] = [
  {
    title: 'Embedded MongoDB',
    group: 'stages',
    measure: () => measureMongoEmbedded(isQuick ? quickSizes : fullSizes),
  },
  { title: 'Conversion', group: 'stages', measure: measureConvert },
  { title: 'Oplog in PostgreSQL', group: 'stages', measure: measureOplog },
  {
    title: 'Compaction',
    group: 'stages',
    measure: () => measureCompaction(isQuick ? 200_000 : 2_000_000),
  },
  { title: 'Cache files', group: 'stages', measure: measureSqliteCache },
  { title: 'Scan, end to end', group: 'path', measure: () => measureScan(sizes) },
  { title: 'Live changes, end to end', group: 'path', measure: measureLive },
  { title: 'Read your writes, end to end', group: 'path', measure: measureReadYourWrites },
  { title: 'Many idle entities', group: 'path', measure: () => measureManyEntities(isQuick ? 50 : 300) },
];

const sections: Section[] = [];
for (const { title, group, measure } of parts) {
  if (wanted.size > 0 && !wanted.has(group)) continue;
  const section = { title, measurements: await measure() };
  printSection(section);
  sections.push(section);
}
console.log(`\nKept in ${saveReport(path.resolve(import.meta.dirname, '..'), sections, startedAt)}`);
