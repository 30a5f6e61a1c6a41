import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { expect, test, vi } from 'vitest';
import { printCoverage } from '../scripts/coverage/print-coverage.ts';

/** A repository whose last run covered `covered` of 100 lines of each file. Returns what is printed and the verdict. */
function report(packages: readonly string[], covered: Readonly<Record<string, number>> | null) {
  const root = mkdtempSync(path.join(tmpdir(), 'emcachers-coverage-'));
  const entries = Object.entries(covered ?? {}).map(([file, lines]) => {
    const place = path.join(root, file);
    const ids = Array.from({ length: 100 }, (_, index) => index);
    const statementMap = Object.fromEntries(ids.map((id) => [id, { start: { line: id + 1 } }]));
    return [place, { path: place, statementMap, s: Object.fromEntries(ids.map((id) => [id, id < lines ? 1 : 0])) }];
  });
  const place = path.join(root, 'coverage/coverage-final.json');
  mkdirSync(path.dirname(place));
  if (covered !== null) writeFileSync(place, JSON.stringify(Object.fromEntries(entries)));
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    return { isCovered: printCoverage(root, packages), printed };
  } finally {
    write.mockRestore();
    rmSync(root, { recursive: true });
  }
}

test('a package below its bound fails by name; one at its bound does not', () => {
  const low = report(['core', 'db'], { 'packages/core/src/a.ts': 94, 'packages/db/src/a.ts': 95 });
  expect(low.isCovered).toBe(false);
  expect(low.printed).toContain('FAILED core: 94.0 % of lines, not 95 %');
  expect(low.printed).not.toContain('FAILED db');
});

test('the folders of the pipeline share one bound, and the report names each of them and the uncovered lines', () => {
  const { isCovered, printed } = report(['engine'], {
    'apps/engine/src/pipeline/oplog/a.ts': 100,
    'apps/engine/src/pipeline/ingest/b.ts': 91,
    'apps/engine/src/api/c.ts': 50,
  });
  expect(isCovered).toBe(true);
  expect(printed).toMatch(/engine\/pipeline\/ingest +100 +9 +91\.0/);
  expect(printed).toContain('apps/engine/src/pipeline/ingest/b.ts: 92-100');
});

test('packages that did not run have no bound, and excluded files do not count', () => {
  const { isCovered, printed } = report(['core'], {
    'packages/core/src/a.ts': 100,
    'packages/core/src/a.test.ts': 0,
    'packages/db/src/a.ts': 0,
  });
  expect([isCovered, printed.includes('db ')]).toEqual([true, false]);
});

test('a run that wrote no report fails', () => {
  const { isCovered, printed } = report(['core'], null);
  expect([isCovered, printed]).toEqual([false, expect.stringContaining('the run wrote no report')]);
});
