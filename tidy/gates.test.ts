import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  type BrokenFile,
  biomeFiles,
  copiedFiles,
  eslintFiles,
  forbiddenImports,
  tidyFiles,
} from './gates/broken-files.ts';
import { type BrokenHouse, createBrokenHouse } from './gates/broken-house.ts';

/** Each rule of the house is proven by a file that breaks it: the tool must fail and name the rule. */
let house: BrokenHouse;

beforeAll(() => {
  house = createBrokenHouse();
  for (const files of [biomeFiles, eslintFiles, tidyFiles]) writeAll(files);
  for (const [file, target] of Object.values(forbiddenImports)) writeImport(file, target);
  house.write('bench/unformatted.ts', 'export const a = {b:1}\n');
  house.write('bench/first.ts', "import type { B } from './second.ts';\nexport type A = B | 1;\n");
  house.write('bench/second.ts', "import type { A } from './first.ts';\nexport type B = A | 2;\n");
  for (const { file, text } of copiedFiles) house.write(file, text);
  // jscpd fails if one of its folders is missing.
  house.write('prove/empty.json', '{}\n');
  house.write('packages/core/src/only-tested.ts', 'export const onlyTestsUseIt = 1;\n');
  house.write(
    'packages/core/src/only-tested.test.ts',
    "import { onlyTestsUseIt } from './only-tested.ts';\nonlyTestsUseIt;\n",
  );
  house.write('scripts/entry.ts', "import { used } from './parts/part.ts';\nused();\n");
  house.write('scripts/parts/part.ts', 'export const used = () => 1;\nexport const nobodyUsesIt = 1;\n');
});
afterAll(() => house[Symbol.dispose]());

function writeAll(files: Readonly<Record<string, BrokenFile>>): void {
  for (const { file, text } of Object.values(files)) house.write(file, text);
}

/** The names that the tool did not print. */
function unnamed(names: readonly string[], complaints: string): readonly string[] {
  return names.filter((name) => !complaints.includes(name));
}

/** Every rule of `.dependency-cruiser.mjs`; a rule that is added without a proof fails the test. */
async function importRules(): Promise<readonly string[]> {
  const url = new URL('../.dependency-cruiser.mjs', import.meta.url).href;
  const rules = (await import(url)) as { default: { forbidden: readonly { name: string }[] } };
  return rules.default.forbidden.map(({ name }) => name);
}

/** Writes a module that imports `target`, and the target if it is a file of the repository. */
function writeImport(file: string, target: string): void {
  const isFile = target.endsWith('.ts') && !target.includes('nowhere');
  if (isFile) house.write(target, 'export const value = 1;\nexport type Value = 1;\n');
  const name = target.endsWith('.ts') ? `./${path.posix.relative(path.posix.dirname(file), target)}` : target;
  house.write(file, `import * as imported from '${name}';\nexport const value = imported;\nexport type Value = 1;\n`);
}

/** The tools run side by side; on a busy machine the slowest, typescript-eslint, takes a minute. */
describe.concurrent('a file that breaks a rule is named with the rule', { timeout: 300_000 }, () => {
  test('by Biome', async ({ expect }) => {
    const complaints = await house.complaints('biome', 'lint', '.', '--max-diagnostics=none', '--colors=off');
    expect(unnamed(Object.keys(biomeFiles), complaints)).toEqual([]);
    expect(complaints).toContain('Excessive complexity of 9 detected (max: 8)');
  });

  test('by Biome if only the format is wrong', async ({ expect }) => {
    const complaints = await house.complaints('biome', 'format', 'bench', '--colors=off');
    expect(complaints).toContain('bench/unformatted.ts');
  });

  test('by typescript-eslint', async ({ expect }) => {
    const files = Object.values(eslintFiles).map(({ file }) => file);
    const complaints = await house.complaints('eslint', ...files);
    expect(unnamed(Object.keys(eslintFiles), complaints)).toEqual([]);
  });

  test('by dependency-cruiser, each of its rules, and a cycle of types alone', async ({ expect }) => {
    const folders = ['apps', 'packages', 'e2e', 'scripts', 'bench'];
    const complaints = await house.complaints('depcruise', ...folders, '--config', '.dependency-cruiser.mjs');
    expect(unnamed(await importRules(), complaints)).toEqual([]);
    expect(complaints).toMatch(/no-circular: bench\/(first|second)\.ts/);
  });

  test('by knip: an export that nothing imports', async ({ expect }) => {
    const complaints = await house.complaints('knip', '--no-progress', '--include', 'exports');
    expect(complaints).toContain('nobodyUsesIt');
  });

  test('by knip: an export of a package that only a test imports', async ({ expect }) => {
    const complaints = await house.complaints('knip', '--no-progress', '--production', '--include', 'exports');
    expect(complaints).toContain('onlyTestsUseIt');
  });

  test('by jscpd: a block that occurs twice', async ({ expect }) => {
    const complaints = await house.complaints('jscpd', '--config', '.jscpd.json');
    expect(complaints).toContain('second-copy.ts');
  });

  test('by the house rules of tidy', async ({ expect }) => {
    const complaints = await house.complaints('vitest', 'run', '--config', 'tidy/vitest.config.ts');
    expect(unnamed(Object.keys(tidyFiles), complaints)).toEqual([]);
  });
});
