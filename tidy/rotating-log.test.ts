import { mkdtempDisposableSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openRotatingLog } from '../scripts/start/rotating-log.ts';

const limits = { fileBytesMax: 1_000, filesKept: 3 };

test('a log keeps its newest output in order within its bound, however much is written', () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-log-'));
  const file = path.join(folder.path, 'engine.log');
  const log = openRotatingLog(file, limits);
  for (let line = 1; line <= 1_000; line += 1) log.write(`line ${line}\n`);
  log.close();
  const names = readdirSync(folder.path).toSorted();
  expect(names).toEqual(['engine.log', 'engine.log.1', 'engine.log.2', 'engine.log.3']);
  for (const name of names) expect(statSync(path.join(folder.path, name)).size).toBeLessThanOrEqual(1_000);
  const lines = ['engine.log.3', 'engine.log.2', 'engine.log.1', 'engine.log']
    .flatMap((name) => readFileSync(path.join(folder.path, name), 'utf8').trimEnd().split('\n'))
    .map((text) => Number(text.slice('line '.length)));
  expect(lines.at(-1)).toBe(1_000);
  expect(lines).toEqual(lines.map((_, index) => 1_000 - lines.length + 1 + index));
});

test('a start begins a new file, and a folder that is gone ends nothing', () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-log-'));
  const file = path.join(folder.path, 'engine.log');
  const first = openRotatingLog(file, limits);
  first.write('first');
  first.close();
  const second = openRotatingLog(file, limits);
  second.write(Buffer.from('second'));
  expect([readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['first', 'second']);
  rmSync(folder.path, { recursive: true });
  second.close();
  openRotatingLog(file, limits).write('nowhere');
});
