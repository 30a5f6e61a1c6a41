import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SampleView } from '@emcachers/core/api-views';
import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { cacheRows } from './support/convergence.ts';
import { createStack, type Stack } from './support/stack.ts';

const canary = 'canary-4711@secret.example';
const maskKey = 'a key of thirty-two bytes, or so.';
const shape = {
  entityName: 'people',
  sourceName: 'shop.people',
  columns: [
    { name: 'email', type: 'Text' as const, path: 'email', mask: { kind: 'hash' as const } },
    { name: 'phone', type: 'Text' as const, path: 'phone', mask: { kind: 'truncate' as const, length: 3 } },
    { name: 'notes', type: 'JSONB' as const, path: 'notes', mask: { kind: 'redact' as const } },
    { name: 'n', type: 'Integer' as const, path: 'n', whenRefused: 'dead-letter' as const },
  ],
  where: { active: true },
};

interface Person {
  readonly _id: number;
  readonly email: string;
  readonly phone: string;
  readonly notes: unknown;
  readonly n: unknown;
  readonly active: boolean;
}

const personOf = (_id: number, more: Partial<Person> = {}): Person => ({
  _id,
  email: canary,
  phone: `+49 ${canary}`,
  notes: { about: [canary] },
  n: _id,
  active: true,
  ...more,
});

function filesWithCanary(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
  return files.filter((file) => readFileSync(file).includes(canary));
}

/** The files of the oplog's database and PostgreSQL's write-ahead log. */
async function postgresFilesWithCanary({ databaseUrl }: Stack): Promise<string[]> {
  const database = openDatabase({ url: databaseUrl });
  try {
    await database.pool.query('ANALYZE');
    await database.pool.query('CHECKPOINT');
    const answer = await database.pool.query<{ data: string; base: string }>(
      `SELECT current_setting('data_directory') AS data, '/base/' || oid AS base FROM pg_database WHERE datname = current_database()`,
    );
    const { data = '', base = '' } = answer.rows[0] ?? {};
    return [...filesWithCanary(data + base), ...filesWithCanary(`${data}/pg_wal`)];
  } finally {
    await database.close();
  }
}

test('no unmasked value is in PostgreSQL, in cache files, in answers or in the log', async () => {
  await using stack = await createStack();
  const people = stack.mongo.db('shop').collection<Person>('people');
  const large = personOf(3, { notes: `${canary} `.repeat(20_000) });
  await people.insertMany([personOf(1), personOf(2, { active: false }), large, personOf(4, { n: canary })]);
  await using running = await stack.engine({ EMCACHERS_MASK_KEY: maskKey, LOG_LEVEL: 'debug' });
  const { api } = running;
  const preview = await (await api.request('POST', '/api/v1/sources/preview', { body: shape })).text();
  expect(JSON.parse(preview)).toMatchObject({ sampled: 4, matched: 3 });
  await api.create(shape);
  await api.untilLive('people');
  const rows = () => cacheRows(stack.dataDir, shape);
  const hash = 'f12f211ff2eb438fe930fd437318f722f5dec8291bf78d4a60acef47bbfb347c';
  expect([...rows().keys()].toSorted()).toEqual(['n:1', 'n:3']);
  expect(rows().get('n:1')).toBe(JSON.stringify([hash, '+49', '"[redacted]"', '1']));
  expect(rows().get('n:3')).toContain(hash);
  const sample = (await (await api.request('GET', '/api/v1/sources/shop.people/sample')).json()) as SampleView;
  expect(sample.sampled).toBe(4);
  // The canary in `n` is in no masked column.
  const sampled = JSON.stringify(sample.paths.filter(({ path }) => path !== 'n'));

  await people.updateOne({ _id: 2 }, { $set: { active: true, n: 22 } });
  await people.updateOne({ _id: 1 }, { $set: { n: canary } });
  await people.updateOne({ _id: 3 }, { $set: { active: false } });
  await eventually(async () => [...rows().keys()].join() === 'n:2' || null, 'the changes to arrive');
  await api.job('people', 'refresh');
  const places = ['/api/v1/entities/people/dead-letters', '/api/v1/entities/people', '/metrics'];
  const answers = await Promise.all(places.map(async (place) => (await api.request('GET', place)).text()));
  expect(answers[0]).toContain('EMC-6003');
  const seen = [preview, sampled, ...answers].join('\n');
  expect(seen).not.toContain(canary);
  expect(seen).not.toContain(maskKey);
  expect(running.logLines.filter((line) => line.includes(canary) || line.includes(maskKey))).toEqual([]);
  expect(filesWithCanary(stack.dataDir)).toEqual([]);
  expect(await postgresFilesWithCanary(stack)).toEqual([]);
  expect((await api.entity('people')).filteredOut).toBeGreaterThan(0);
});

test('a shape with hashes is refused while there is no key', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const refused = await running.api.request('POST', '/api/v1/entities', { body: shape });
  expect(await refused.json()).toMatchObject({ status: 409, code: 'EMC-2020' });
});
