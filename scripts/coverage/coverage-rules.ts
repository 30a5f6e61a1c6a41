/** A file that coverage leaves out, and why. */
export interface ExcludedFile {
  /** A glob from the root of the repository. */
  readonly pattern: string;
  readonly reason: string;
}

/** v8 measures only code that runs in the test's process. This list names every file that the figures exclude. */
export const excludedFiles: readonly ExcludedFile[] = [
  { pattern: '**/*.test.{ts,tsx}', reason: 'tests' },
  { pattern: '**/generated/**', reason: 'written by Prisma' },
  { pattern: '**/*{-testing,testing-setup}.ts', reason: 'fixtures that only tests import' },
  { pattern: 'apps/engine/src/main.ts', reason: 'starts the process; the kill and restart tests run it as a child' },
  {
    pattern: 'apps/engine/src/pipeline/sqlite-cache/cache-thread.ts',
    reason: 'runs in a worker thread; threaded-cache-store.test.ts calls it there',
  },
  { pattern: 'apps/web/src/app/**', reason: 'pages that Next.js renders; the browser tests open each of them' },
  { pattern: 'packages/cli/src/main.ts', reason: 'starts the process; cli.test.ts of the engine runs it as a child' },
  { pattern: 'packages/mongo-embedded/src/cli.ts', reason: 'starts the process; its tests run it as a child' },
];

/** Groups that must keep this share of their lines covered; `npm run coverage` fails below it. */
export const linesPercentMin: Readonly<Record<string, number>> = {
  core: 95,
  db: 95,
  bson: 95,
  client: 95,
  cli: 95,
  'engine/pipeline': 95,
  'engine/control': 95,
};

/** `apps/engine/src/pipeline/oplog/oplog.ts` → `engine/pipeline/oplog`; `packages/core/src/…` → `core`. */
export function coverageGroup(file: string): string {
  const [, name = file, , ...inside] = file.split('/');
  if (name !== 'engine') return name;
  const folders = inside.slice(0, -1);
  const depth = folders[0] === 'pipeline' || folders[0] === 'control' ? 2 : 1;
  return [name, ...folders.slice(0, depth)].join('/');
}
