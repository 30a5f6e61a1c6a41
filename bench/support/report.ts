import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Measurement } from './measurement.ts';

export interface Section {
  readonly title: string;
  readonly measurements: readonly Measurement[];
}

/** Prints the table. */
export function printSection({ title, measurements }: Section): void {
  console.log(`\n${title}`);
  for (const { name, value, unit, range } of measurements) {
    const spread = range === undefined ? '' : `  (${figure(range[0])} … ${figure(range[1])})`;
    console.log(`  ${name.padEnd(52)} ${figure(value).padStart(12)} ${unit}${spread}`);
  }
}

function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

/** Saves the run as JSON in bench/results, named by its start time. */
export function saveReport(root: string, sections: readonly Section[], startedAt: Date): string {
  const folder = path.join(root, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${startedAt.toISOString().replaceAll(/[:.]/g, '-')}.json`);
  const machine = {
    cores: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    node: process.version,
  };
  writeFileSync(file, `${JSON.stringify({ startedAt: startedAt.toISOString(), machine, sections }, null, 2)}\n`);
  return path.relative(root, file);
}
