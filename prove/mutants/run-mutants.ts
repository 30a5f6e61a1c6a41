/**
 * `npm run test:mutants [-- M4 M8 …]`: makes one named fault after the other in a copy of the repository and runs the tests that
 * should notice it. Prints a table, and exits with 1 if a mutant survives. The tests must pass without a mutant first: a test
 * that fails anyway kills nothing.
 */
import path from 'node:path';
import process from 'node:process';
import { type Killer, type Mutant, mutated } from './mutant.ts';
import { mutants } from './mutants.ts';
import { runKillers, type Verdict } from './run-killers.ts';
import { copyWork, type WorkCopy } from './work-copy.ts';

async function main(words: readonly string[]): Promise<number> {
  const unknown = words.filter((word) => !mutants.some(({ id }) => id === word));
  if (unknown.length > 0) {
    process.stderr.write(`Unknown: ${unknown.join(', ')}. Mutants: ${mutants.map(({ id }) => id).join(', ')}\n`);
    return 2;
  }
  const chosen = mutants.filter(({ id }) => words.length === 0 || words.includes(id));
  using copy = copyWork(path.resolve(import.meta.dirname, '../..'));
  if (!(await passesWithout(copy, chosen))) return 1;
  const survivors: string[] = [];
  for (const mutant of chosen) {
    const verdict = await judge(copy, mutant);
    process.stdout.write(`${mutant.id.padEnd(6)}${mutant.title.padEnd(82)}${wordsOf(verdict)}\n`);
    if (verdict.kind !== 'failed') survivors.push(mutant.id);
  }
  const killed = chosen.length - survivors.length;
  process.stdout.write(
    `\n${killed} of ${chosen.length} mutants killed${survivors.length > 0 ? `; not killed: ${survivors.join(', ')}` : ''}\n`,
  );
  return survivors.length === 0 ? 0 : 1;
}

async function passesWithout(copy: WorkCopy, chosen: readonly Mutant[]): Promise<boolean> {
  const killers = new Map<string, Killer>();
  for (const killer of chosen.flatMap((mutant) => mutant.killers)) killers.set(JSON.stringify(killer), killer);
  for (const killer of killers.values()) {
    const verdict = await runKillers(copy.root, [killer]);
    if (verdict.kind === 'passed') continue;
    process.stdout.write(`Without a mutant: ${killer.file}: ${wordsOf(verdict)}\n`);
    return false;
  }
  process.stdout.write(`Without a mutant, all ${killers.size} selections of tests pass.\n\n`);
  return true;
}

async function judge(copy: WorkCopy, mutant: Mutant): Promise<Verdict> {
  using _changed = copy.with(mutated(copy.root, mutant));
  return await runKillers(copy.root, mutant.killers);
}

function wordsOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'failed':
      return `killed by: ${verdict.test}`;
    case 'passed':
      return `SURVIVED ${verdict.tests} tests`;
    case 'broken':
      return `BROKEN: ${verdict.reason}`;
  }
}

process.exitCode = await main(process.argv.slice(2));
