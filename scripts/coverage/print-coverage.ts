import process from 'node:process';
import { coverageGroup, excludedFiles, linesPercentMin } from './coverage-rules.ts';
import { type FileCoverage, readCoverage } from './read-coverage.ts';

const worstFilesMax = 15;

/**
 * Prints the covered lines by package and by folder of the engine, then the files with most uncovered lines. Only
 * packages in `packages` are shown, because the others did not run. Returns false if a group is below its bound.
 */
export function printCoverage(root: string, packages: readonly string[]): boolean {
  const report = readCoverage(root);
  if (report === null) {
    process.stdout.write('\nFAILED coverage: the run wrote no report.\n');
    return false;
  }
  const files = report.filter(({ file }) => packages.includes(coverageGroup(file).split('/')[0] ?? ''));
  const groups = Map.groupBy(files, ({ file }) => coverageGroup(file));
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  out(`\n${'covered lines'.padEnd(36)}   lines  uncovered       %`);
  for (const name of [...groups.keys()].sort()) out(renderRow(name, groups.get(name) ?? []));

  out('\nMost uncovered lines:');
  const worst = files.filter(({ uncovered }) => uncovered.length > 0).sort(byUncovered);
  for (const { file, uncovered } of worst.slice(0, worstFilesMax)) out(`  ${file}: ${renderRanges(uncovered)}`);
  out('\nLeft out:');
  for (const { pattern, reason } of excludedFiles) out(`  ${pattern}: ${reason}`);

  const low = lowGroups(files);
  for (const line of low) out(`\nFAILED ${line}`);
  return low.length === 0;
}

function lowGroups(files: readonly FileCoverage[]): readonly string[] {
  return Object.entries(linesPercentMin).flatMap(([prefix, min]) => {
    const inside = files.filter(({ file }) => `${coverageGroup(file)}/`.startsWith(`${prefix}/`));
    const percent = percentOf(inside);
    return inside.length === 0 || percent >= min ? [] : [`${prefix}: ${percent.toFixed(1)} % of lines, not ${min} %`];
  });
}

function renderRow(name: string, files: readonly FileCoverage[]): string {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const uncovered = files.reduce((sum, file) => sum + file.uncovered.length, 0);
  return `${name.padEnd(36)}${String(lines).padStart(8)}${String(uncovered).padStart(11)}${percentOf(files).toFixed(1).padStart(8)}`;
}

function percentOf(files: readonly FileCoverage[]): number {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const uncovered = files.reduce((sum, file) => sum + file.uncovered.length, 0);
  return lines === 0 ? 100 : (100 * (lines - uncovered)) / lines;
}

function byUncovered(left: FileCoverage, right: FileCoverage): number {
  return right.uncovered.length - left.uncovered.length;
}

/** `3, 4, 5, 9` → `3-5, 9`. */
function renderRanges(lines: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const line of lines) {
    const open = ranges.at(-1);
    if (open !== undefined && open.last === line - 1) open.last = line;
    else ranges.push({ first: line, last: line });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(', ');
}
