/** Runs only the embedded MongoDB part of the benchmark: `node bench/mongo-embedded/run.ts [quick]`. */
import process from 'node:process';
import { argumentProblem } from '../support/argument-problem.ts';
import { printSection } from '../support/report.ts';
import { fullSizes, measureMongoEmbedded, quickSizes } from './mongo-embedded.ts';

const words = process.argv.slice(2);
const problem = argumentProblem(words, ['quick']);
if (problem !== null) {
  console.error(problem);
  process.exit(1);
}

const sizes = words.includes('quick') ? quickSizes : fullSizes;
printSection({ title: 'Embedded MongoDB', measurements: await measureMongoEmbedded(sizes) });
