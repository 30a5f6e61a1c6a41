import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { root } from './repository.ts';

test.each([
  ['bench/bench.ts', 'stages, path, mongo, convert, oplog, compaction, cache, scan, live, waits, at-once, idle, quick'],
  ['bench/mongo-embedded/run.ts', 'quick'],
])('%s refuses an unknown argument, names the ones it knows, and measures nothing', (file, names) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, file), 'stage'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe(`Unknown argument: stage. Choose from: ${names}.\n`);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
});
