import { describe, expect, test } from 'vitest';
import { checkEngines } from '../prove/checks/engine-checks.ts';
import { type EngineEnd, wrongEnd } from '../prove/cluster/engine-end.ts';
import { Report } from '../prove/report.ts';

const byItself: EngineEnd = {
  code: 1,
  signal: null,
  words: 'EMC-1005 Unexpected.',
  asked: new Set(),
  mayCrash: false,
  wasReady: true,
};
const killed = { ...byItself, code: null, signal: 'SIGKILL' };
const refused = { ...byItself, wasReady: false, words: 'EMC-3001 PostgreSQL is away.\nStart it.\n' };

describe('the proof counts an end of an engine as a fault of the engine', () => {
  const cases: readonly [string, EngineEnd][] = [
    ['that nobody asked for', byItself],
    ['that nobody asked for, with code 0', { ...byItself, code: 0 }],
    ['by the operating system', killed],
    ['by a signal of its own, at a crash point', { ...killed, signal: 'SIGSEGV', mayCrash: true }],
    ['at its start for a reason that no fault explains', { ...byItself, wasReady: false }],
    ['because PostgreSQL is away, although it ran', { ...refused, wasReady: true }],
    ['by SIGTERM, with parts that hang', { ...byItself, asked: new Set(['SIGTERM']) }],
    ['by SIGTERM without a drain', { ...killed, signal: 'SIGTERM', asked: new Set(['SIGTERM']) }],
  ];
  for (const [name, end] of cases)
    test(name, () => {
      expect(wrongEnd(end)).toContain('an engine ended');
    });
});

describe('the proof explains an end of an engine', () => {
  const cases: readonly [string, EngineEnd][] = [
    ['by SIGKILL', { ...killed, asked: new Set(['SIGKILL']) }],
    ['by SIGKILL during a drain', { ...killed, asked: new Set(['SIGTERM', 'SIGKILL']) }],
    ['at a crash point', { ...killed, mayCrash: true }],
    ['by SIGTERM', { ...byItself, code: 0, asked: new Set(['SIGTERM']) }],
    ['by SIGTERM before it listens', { ...killed, signal: 'SIGTERM', wasReady: false, asked: new Set(['SIGTERM']) }],
    ['at its start because PostgreSQL is away', refused],
  ];
  for (const [name, end] of cases)
    test(name, () => {
      expect(wrongEnd(end)).toBeNull();
    });
});

test('the proof fails on an error in a log that the catalogue does not know', () => {
  const report = new Report();
  const node = { nodeId: 'n1', wrongEnds: ['n1: an engine ended'], log: () => '{"msg":"a"}\n{"code":"EMC-5999"}\n' };
  checkEngines([node], report);
  expect(report.wrong).toEqual(['n1: an engine ended', 'n1 reports {"code":"EMC-5999"}']);
});
