import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openTestCaches } from './support/test-caches.ts';

const examples = join(import.meta.dirname, '../../../examples');

interface Example {
  readonly language: string;
  readonly command: readonly [string, ...string[]];
  /** Exits with 0 if the interpreter is here and its SQLite reads STRICT tables. */
  readonly probe: readonly [string, ...string[]];
}

const hasPython = 'import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 37))';
const programs: readonly Example[] = [
  {
    language: 'Node.js',
    command: [process.execPath, join(examples, 'node/follow.mjs')],
    probe: [process.execPath, '-v'],
  },
  {
    language: 'Python',
    command: ['python3', join(examples, 'python/follow.py')],
    probe: ['python3', '-c', hasPython],
  },
  {
    language: 'shell',
    command: ['sh', join(examples, 'shell/follow.sh')],
    probe: ['sqlite3', ':memory:', 'CREATE TABLE t (a TEXT) STRICT'],
  },
];

const isHere = ({ probe: [command, ...words] }: Example): boolean => spawnSync(command, words).status === 0;

class Follower implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  constructor({ command: [command, ...words] }: Pick<Example, 'command'>, dataDir: string) {
    this.#child = spawn(command, [...words, dataDir, 'orders'], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('The example has no output.');
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  /** Sends one line and answers the next one that the example prints. */
  async ask(line: string): Promise<string> {
    const answer = once(this.#lines, 'line');
    this.#child.stdin?.write(`${line}\n`);
    const [printed] = await answer;
    return String(printed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  }
}

for (const example of programs) {
  describe.skipIf(!isHere(example))(`the example in ${example.language} (skipped without its interpreter)`, () => {
    test('reads, waits for a place, and follows a rebuild and a new entity of the same name', async () => {
      await using caches = await openTestCaches({ graceMs: 0 });
      const entity = await caches.publish('orders', ['a', 1], ['b', 2]);
      await using follower = new Follower(example, caches.dataDir);
      expect(await follower.ask('')).toBe('2 2');
      const waiting = follower.ask('7474747474747474747');
      await entity.apply(['c', 3]);
      entity.setSourceTime(7_474_747_474_747_474_748n);
      expect(await waiting).toBe('3 3');
      await entity.rebuild(['a', 1], ['b', 2], ['c', 3], ['d', 4]);
      await caches.store.tend();
      expect(await follower.ask('')).toBe('4 4');
      await entity.remove();
      await caches.publish('orders', ['z', 1]);
      expect(await follower.ask('')).toBe('1 1');
    });
  });
}

test('the example that keeps texts of rows warm makes only those of changed rows anew, and all after a rebuild', async () => {
  await using caches = await openTestCaches({ graceMs: 0 });
  const entity = await caches.publish('orders', ['a', 1], ['b', 2]);
  const command = [process.execPath, join(examples, 'node/keep-warm.mjs')] as const;
  await using warm = new Follower({ command: [...command] }, caches.dataDir);
  const has = (key: string, line: string) => expect.poll(() => warm.ask(key), { timeout: 20_000 }).toBe(line);
  const text = (key: string, n: number): string => JSON.stringify({ doc_id: key, n, t: `text ${n}` });
  await has('a', `2 2 ${text('a', 1)}`);
  await entity.apply(['a', 3], ['c', 4], ['b', null]);
  await has('a', `5 4 ${text('a', 3)}`);
  expect([await warm.ask('b'), await warm.ask('c')]).toEqual(['5 4 no row', `5 4 ${text('c', 4)}`]);
  await entity.apply(['a', 5], ['a', 6]);
  await has('a', `7 5 ${text('a', 6)}`);
  await entity.rebuild(['a', 7], ['d', 8]);
  await has('d', `2 7 ${text('d', 8)}`);
  expect(await warm.ask('c')).toBe('2 7 no row');
});
