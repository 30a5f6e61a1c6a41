import { expect, test } from 'vitest';
import { read } from './repository.ts';

/** Prefixes after `emcachers_`: the pipeline's stages, and what is not part of a stage. */
const subjects = [
  'source',
  'change_source',
  'channel',
  'ingest',
  'oplog',
  'replicator',
  'sqlite_cache',
  'entity',
  'process',
  'live',
];

test('every metric is named after a stage of the pipeline, MongoDB, the entity, the process or the live stream', () => {
  const names = [...read('apps/engine/src/observability/metrics.ts').matchAll(/'(emcachers_\w+)'/g)].map(
    ([, name = '']) => name,
  );
  expect(names.length).toBeGreaterThan(0);
  const strange = names.filter((name) => !subjects.some((subject) => name.startsWith(`emcachers_${subject}_`)));
  expect(strange).toEqual([]);
});
