import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { excludedFiles } from './coverage-rules.ts';

/** The lines of one file that contain a statement, and the uncovered ones among them. */
export interface FileCoverage {
  /** From the root of the repository, with `/`. */
  readonly file: string;
  readonly lines: number;
  readonly uncovered: readonly number[];
}

interface IstanbulFile {
  readonly path: string;
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line: number } }>>;
  readonly s: Readonly<Record<string, number>>;
}

/** Reads `coverage/coverage-final.json`; null if the run wrote none. A line counts as covered when any statement that begins on it ran. */
export function readCoverage(root: string): readonly FileCoverage[] | null {
  const place = path.join(root, 'coverage', 'coverage-final.json');
  if (!existsSync(place)) return null;
  const report = JSON.parse(readFileSync(place, 'utf8')) as Record<string, IstanbulFile>;
  const counted = Object.values(report).map((entry) => {
    const hits = new Map<number, number>();
    for (const [id, { start }] of Object.entries(entry.statementMap))
      hits.set(start.line, Math.max(hits.get(start.line) ?? 0, entry.s[id] ?? 0));
    const uncovered = [...hits].filter(([, count]) => count === 0).map(([line]) => line);
    return {
      file: path.relative(root, entry.path).split(path.sep).join('/'),
      lines: hits.size,
      uncovered: uncovered.sort((left, right) => left - right),
    };
  });
  return counted.filter(({ file }) => !excludedFiles.some(({ pattern }) => path.posix.matchesGlob(file, pattern)));
}
