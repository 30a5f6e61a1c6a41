/** Runs only the embedded MongoDB part of the benchmark: `node bench/mongo-embedded/run.ts [quick]`. */
import { printSection } from '../support/report.ts';
import { fullSizes, measureMongoEmbedded, quickSizes } from './mongo-embedded.ts';

const sizes = process.argv.includes('quick') ? quickSizes : fullSizes;
printSection({ title: 'Embedded MongoDB', measurements: await measureMongoEmbedded(sizes) });
