/** One file for each rule, as short as the rule allows. The key is the rule's name as its tool prints it. */
export interface BrokenFile {
  readonly file: string;
  readonly text: string;
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');

const engine = 'apps/engine/src';
const pipeline = `${engine}/pipeline`;

/** Each decision adds one to the cognitive complexity. */
const withDecisions = (count: number): string =>
  `export function f(a: number): number {\n${lines(count, (index) => `  if (a === ${index}) return ${index};`)}  return a;\n}\n`;

export const biomeFiles: Readonly<Record<string, BrokenFile>> = {
  noExplicitAny: { file: 'scripts/any.ts', text: 'export const f = (a: any) => a;\n' },
  noNonNullAssertion: { file: 'scripts/bang.ts', text: 'export const f = (a?: string) => a!.length;\n' },
  noEnum: { file: 'scripts/kinds.ts', text: 'export enum Kind { First }\n' },
  noDefaultExport: { file: 'scripts/default.ts', text: 'export default 1;\n' },
  useFilenamingConvention: { file: 'scripts/CamelCase.ts', text: 'export const a = 1;\n' },
  useImportType: { file: 'scripts/imported.ts', text: "import { A } from './a.ts';\nexport const f = (a: A) => a;\n" },
  noConsole: { file: `${engine}/loud.ts`, text: "console.log('loud');\n" },
  noExcessiveCognitiveComplexity: { file: 'scripts/complex.ts', text: withDecisions(9) },
};

/** Checked with types, so each is a module that compiles. */
export const eslintFiles: Readonly<Record<string, BrokenFile>> = {
  '@typescript-eslint/no-floating-promises': {
    file: 'scripts/floating.ts',
    text: 'export const f = () => {\n  Promise.resolve(1);\n};\n',
  },
  '@typescript-eslint/no-misused-promises': {
    file: 'scripts/misused.ts',
    text: 'export const f = () => {\n  if (Promise.resolve(true)) return 1;\n  return 2;\n};\n',
  },
  '@typescript-eslint/await-thenable': {
    file: 'scripts/awaited.ts',
    text: 'export const f = async () => {\n  await 1;\n};\n',
  },
  '@typescript-eslint/switch-exhaustiveness-check': {
    file: 'scripts/switched.ts',
    text: "export function f(a: 'x' | 'y') {\n  switch (a) {\n    case 'x':\n      return 1;\n  }\n  return 2;\n}\n",
  },
  '@typescript-eslint/only-throw-error': {
    file: 'scripts/thrown.ts',
    text: "export const f = () => {\n  throw 'text';\n};\n",
  },
  'max-params': { file: 'scripts/params.ts', text: 'export const f = (a: 1, b: 1, c: 1, d: 1) => a + b + c + d;\n' },
  'max-depth': {
    file: 'scripts/depth.ts',
    text: 'export function f(a: number) {\n  if (a > 1) {\n    if (a > 2) {\n      if (a > 3) {\n        if (a > 4) return 4;\n      }\n    }\n  }\n  return 1;\n}\n',
  },
  'max-lines': { file: 'scripts/long.ts', text: lines(401, (index) => `export const a${index} = ${index};`) },
  'max-lines-per-function': {
    file: 'scripts/long-function.ts',
    text: `export function f() {\n${lines(69, () => '  Math.random();')}}\n`,
  },
};

/** Both hold the same block of more than 60 tokens. */
export const copiedFiles: readonly BrokenFile[] = [
  { file: 'scripts/first-copy.ts', text: withDecisions(16) },
  { file: 'scripts/second-copy.ts', text: withDecisions(16) },
];

/** The import that breaks each rule of `.dependency-cruiser.mjs`, as [importing file, what it imports]. */
export const forbiddenImports: Readonly<Record<string, readonly [string, string]>> = {
  'bson-knows-nobody': ['packages/bson/src/impure.ts', 'node:fs'],
  'core-knows-only-zod-and-bson': ['packages/core/src/impure.ts', 'node:fs'],
  'db-knows-only-core-and-bson': ['packages/db/src/upward.ts', `${engine}/engine.ts`],
  'mongo-embedded-stands-alone-but-for-bson': ['packages/mongo-embedded/src/upward.ts', 'packages/core/src/leaf.ts'],
  'filters-need-no-server': [
    'packages/mongo-embedded/src/query/upward.ts',
    'packages/mongo-embedded/src/mongo-server.ts',
  ],
  'the-engine-takes-only-the-filters-of-mongo-embedded': [
    'apps/engine/src/pipeline/oplog/embedded.ts',
    'packages/mongo-embedded/src/mongo-server.ts',
  ],
  'cli-knows-only-core': ['packages/cli/src/upward.ts', 'packages/db/src/database.ts'],
  'client-knows-only-what-is-bundled-with-it': ['packages/client/src/upward.ts', 'packages/core/src/shape.ts'],
  'web-reaches-the-engine-by-type-alone': ['apps/web/src/server.ts', `${engine}/api/router.ts`],
  'e2e-knows-urls-only': ['e2e/inside.spec.ts', `${engine}/api/router.ts`],
  'only-main-composes': [`${engine}/compose/again.ts`, `${engine}/engine.ts`],
  'api-imports-only-lower-layers': [`${engine}/api/upward.ts`, `${engine}/compose/part.ts`],
  'observability-imports-only-lower-layers': [`${engine}/observability/upward.ts`, `${engine}/api/router.ts`],
  'control-imports-only-lower-layers': [`${engine}/control/job/upward.ts`, `${engine}/api/router.ts`],
  'pipeline-imports-only-lower-layers': [`${pipeline}/oplog/upward.ts`, `${engine}/control/part.ts`],
  'runtime-imports-only-lower-layers': [`${engine}/runtime/upward.ts`, `${pipeline}/oplog/part.ts`],
  'change-source-keeps-to-its-neighbours': [`${pipeline}/change-source/far.ts`, `${pipeline}/oplog/part.ts`],
  'channel-keeps-to-its-neighbours': [`${pipeline}/channel/far.ts`, `${pipeline}/replicator/part.ts`],
  'ingest-keeps-to-its-neighbours': [`${pipeline}/ingest/far.ts`, `${pipeline}/sqlite-cache/part.ts`],
  'oplog-keeps-to-its-neighbours': [`${pipeline}/oplog/far.ts`, `${pipeline}/channel/part.ts`],
  'replicator-keeps-to-its-neighbours': [`${pipeline}/replicator/far.ts`, `${pipeline}/change-source/part.ts`],
  'sqlite-cache-keeps-to-its-neighbours': [`${pipeline}/sqlite-cache/far.ts`, `${pipeline}/oplog/part.ts`],
  'mongodb-lives-in-its-folder': [`${engine}/control/driver-mongo.ts`, 'mongodb'],
  'better-sqlite3-lives-in-its-folder': [`${engine}/control/driver-sqlite.ts`, 'better-sqlite3'],
  'pg-and-prisma-lives-in-its-folder': [`${engine}/control/driver-pg.ts`, 'pg'],
  'no-orphan-dependency': ['scripts/lost.ts', 'scripts/nowhere-at-all.ts'],
};

/** Breaks one house rule of `tidy/` each; the key is a part of what the rule's test says. */
export const tidyFiles: Readonly<Record<string, BrokenFile>> = {
  'scripts/long.ts: 401': {
    file: 'scripts/long.ts',
    text: lines(401, (index) => `export const a${index} = ${index};`),
  },
  'pipeline/oplog/oplog.ts': { file: `${pipeline}/oplog/oplog.ts`, text: lines(81, () => '// contract') },
  'scripts/later.ts': { file: 'scripts/later.ts', text: `// ${'TO'}${'DO'}: later\n` },
  'pipeline/oplog/silent.ts': { file: `${pipeline}/oplog/silent.ts`, text: 'export const a = 1;\n' },
  'scripts/work-queue.ts': { file: 'scripts/work-queue.ts', text: 'export const a = 1;\n' },
  'EMC-9999': { file: 'scripts/raised.ts', text: `export const code = 'EMC-${9999}';\n` },
  'docs/broken.md: nowhere.md': { file: 'docs/broken.md', text: '[nowhere](nowhere.md)\n' },
  'I1 names no test': { file: 'docs/invariants.md', text: '# Invariants\n\n## I1 Convergence\n' },
  'packages/core/src/silent.ts:1 undocumented': {
    file: 'packages/core/src/silent.ts',
    text: 'export function undocumented() {}\n',
  },
  NEW_VARIABLE: { file: '.env.example', text: '# NEW_VARIABLE=1\n' },
};
