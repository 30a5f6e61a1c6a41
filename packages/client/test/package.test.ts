import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestCaches, type TestCaches } from './support/test-caches.ts';

/** A project that has nothing but the tarball of the package, installed without a network. */
let project = '';
let caches: TestCaches;

beforeAll(async () => {
  caches = await openTestCaches();
  await caches.publish('orders', ['a', 1], ['b', 9_007_199_254_740_993n]);
  const folder = mkdtempSync(join(tmpdir(), 'emcachers-package-'));
  const built = join(folder, 'built');
  project = join(folder, 'project');
  mkdirSync(project);
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/build-package.ts'), built]);
  const run = (command: string, ...words: string[]) => execFileSync(command, words, { cwd: project, encoding: 'utf8' });
  run('npm', 'pack', built, '--silent');
  writeFileSync(join(project, 'package.json'), '{"name":"application","private":true,"type":"module"}');
  const [tarball = ''] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  run('npm', 'install', '--offline', '--no-audit', '--no-fund', `./${tarball}`);
});
afterAll(async () => {
  rmSync(join(project, '..'), { recursive: true });
  await caches[Symbol.asyncDispose]();
});

const node = (...words: string[]) => execFileSync(process.execPath, words, { cwd: project, encoding: 'utf8' });

test('the published package needs no other', () => {
  expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@emcachers']);
  expect(readdirSync(join(project, 'node_modules/@emcachers'))).toEqual(['client']);
});

test('it reads a cache', () => {
  const program = `
    import { openCache, docIdOf } from '@emcachers/client';
    const cache = openCache({ dataDir: process.argv[1], entity: 'orders' });
    console.log(cache.get('a').n, cache.get('b').n, docIdOf(7n), cache.offset());
    cache.close();
    try { openCache({ dataDir: process.argv[1], entity: 'carts' }) } catch (error) { console.log(error.code, error.hint) }`;
  const [values, refusal] = node('--input-type=module', '-e', program, caches.dataDir).split('\n');
  expect(values).toBe('1 9007199254740993n n:7 2');
  expect(refusal).toMatch(/^EMC-7001 Check the data directory/);
});

test('its command writes types that compile with the package’s own', () => {
  node('node_modules/.bin/emcachers-types', '--data-dir', caches.dataDir, '--out', 'rows.ts');
  writeFileSync(
    join(project, 'application.ts'),
    `import { openCache, type Cache, type CachePlace } from '@emcachers/client';
     import { ordersCache, type OrdersRow } from './rows.js';
     const cache: Cache<OrdersRow> = openCache<OrdersRow>({ dataDir: 'data', ...ordersCache });
     const n: number | bigint | null | undefined = cache.get('a')?.n;
     const place: CachePlace = cache.place();
     // @ts-expect-error: the shape has no such column
     cache.get('a')?.price;
     export const seen = [n, place.sourceTime];`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2022,dom,esnext.disposable',
  ];
  const compiler = join(import.meta.dirname, '../../../node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [compiler, ...options, 'application.ts'], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
  expect(readFileSync(join(project, 'rows.ts'), 'utf8')).toContain('export interface OrdersRow');
});
