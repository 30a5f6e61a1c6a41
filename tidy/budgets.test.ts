import { expect, test } from 'vitest';
import { read, sourceFiles } from './repository.ts';

const fileLinesMax = 400;
const contractLinesMax = 80;
const stages = ['change-source', 'channel', 'ingest', 'oplog', 'replicator', 'sqlite-cache'];

const linesOf = (file: string): number => read(file).split('\n').length - 1;

test(`no source file is longer than ${fileLinesMax} lines`, () => {
  const long = sourceFiles().filter((file) => linesOf(file) > fileLinesMax);
  expect(long.map((file) => `${file}: ${linesOf(file)}`)).toEqual([]);
});

test(`each pipeline stage has a contract file of the same name with at most ${contractLinesMax} lines`, () => {
  const wrong = stages
    .map((stage) => `apps/engine/src/pipeline/${stage}/${stage}.ts`)
    .filter((file) => !sourceFiles().includes(file) || linesOf(file) > contractLinesMax);
  expect(wrong).toEqual([]);
});

test('there is no TODO, FIXME or disabled test', () => {
  const marks = /\b(TODO|FIXME|XXX|HACK)\b|\b(it|test|describe)\.(only|todo)\(/;
  const marked = sourceFiles().filter((file) => !file.startsWith('tidy/') && marks.test(read(file)));
  expect(marked).toEqual([]);
});

test('each module of the pipeline has a doc comment', () => {
  const silent = sourceFiles()
    .filter((file) => file.startsWith('apps/engine/src/pipeline/') && !file.endsWith('.test.ts'))
    .filter((file) => !/\/\*\*[\s\S]+?\*\//.test(read(file)));
  expect(silent).toEqual([]);
});
