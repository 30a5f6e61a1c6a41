import { crashPointNames } from '../cluster/crash-point-names.ts';
import type { EngineNode } from '../cluster/engine-node.ts';
import type { Fault, Target } from './fault.ts';
import { ask, leaderOf, reached } from './reach.ts';

async function restartLater(node: EngineNode, { dice, pause }: Target): Promise<void> {
  await pause(dice.below(1_500));
  node.start();
}

interface Step {
  readonly name: string;
  /** Of the message to PostgreSQL by which the step is recognised. */
  readonly text: string;
  readonly weight: number;
  /** Requested first, because it does not happen often by itself. */
  readonly work?: 'refresh';
}

const steps: readonly Step[] = [
  { name: 'inside a COPY', weight: 3, text: '\tUpsert\t' },
  { name: 'after the COPY, before the commit', weight: 3, text: 'SELECT hold_epoch(' },
  { name: 'before a position is saved', weight: 1, text: 'save-position' },
  { name: 'before a scan page is recorded', weight: 1, text: 'record-scan-page', work: 'refresh' },
  { name: 'before staged changes are promoted', weight: 1, text: 'promote-staged', work: 'refresh' },
  { name: 'before a sweep is planned', weight: 0.5, text: 'INSERT INTO sweep_plan', work: 'refresh' },
  { name: 'before a sweep is written', weight: 1, text: 'sweep-chunk', work: 'refresh' },
  { name: 'before compaction removes entries', weight: 1, text: 'WITH removed AS' },
];

const crashes: readonly Fault[] = steps.map(({ name, weight, text, work }) => ({
  name: `killed ${name}`,
  weight,
  async strike(target) {
    const node = await leaderOf(target);
    const step = node.postgres.holdAt(text);
    if (work !== undefined) await ask(target, work);
    const isReached = await reached(step, target);
    if (isReached) await node.kill();
    node.postgres.restore();
    if (isReached) await restartLater(node, target);
    return isReached;
  },
}));

const cacheCrashes: readonly Fault[] = crashPointNames.map((name) => ({
  name: `killed ${name}`,
  weight: 0.8,
  async strike(target) {
    const { node, dice } = target;
    await node.kill();
    node.start(`${name}:${dice.between(1, 3)}`);
    const { process } = node;
    if (process === null) return false;
    const ended = process.ended;
    await Promise.race([process.ready.catch(() => undefined), ended]);
    if (!name.includes('commit')) await ask(target, 'rebuild');
    const isReached = await reached(ended, target);
    if (!isReached) await node.kill();
    node.start();
    return isReached;
  },
}));

export const processFaults: readonly Fault[] = [
  ...crashes,
  ...cacheCrashes,
  {
    name: 'killed at any moment',
    weight: 4,
    async strike(target) {
      const { node, dice, pause } = target;
      await pause(dice.below(500));
      await node.kill();
      await restartLater(node, target);
      return true;
    },
  },
  {
    name: 'killed before a new term begins',
    weight: 0.5,
    async strike(target) {
      const node = await leaderOf(target);
      await node.kill();
      // The next leader dies as well; who that is shows at its message.
      const heirs = target.cluster.nodes.filter((other) => other !== node);
      node.start();
      const holds = [node, ...heirs].map(async (heir) => {
        await heir.postgres.holdAt('INSERT INTO leader_term');
        await heir.kill();
        heir.postgres.restore();
        await restartLater(heir, target);
      });
      const isReached = await reached(Promise.race(holds), target, 8_000);
      for (const each of target.cluster.nodes) each.postgres.restore();
      return isReached;
    },
  },
  {
    name: 'killed after a commit, before its answer',
    weight: 3,
    async strike(target) {
      const node = await leaderOf(target);
      const isReached = await reached(node.postgres.loseAnswerTo('; COMMIT'), target);
      if (isReached) await node.kill();
      node.postgres.restore();
      if (isReached) await restartLater(node, target);
      return isReached;
    },
  },
  {
    name: 'stopped (SIGTERM)',
    weight: 1,
    async strike(target) {
      const { node } = target;
      const code = await node.stop();
      await restartLater(node, target);
      return code === 0;
    },
  },
  {
    name: 'frozen (SIGSTOP)',
    weight: 3,
    async strike({ node, dice, pause }) {
      const { process } = node;
      if (process === null) return false;
      process.child.kill('SIGSTOP');
      await pause(dice.between(100, 5_000));
      process.child.kill('SIGCONT');
      return true;
    },
  },
  {
    name: 'frozen before a commit',
    weight: 2,
    async strike(target) {
      const node = await leaderOf(target);
      const { process } = node;
      if (process === null) return false;
      const isReached = await reached(node.postgres.holdAt('SELECT hold_epoch('), target);
      if (isReached) {
        process.child.kill('SIGSTOP');
        await target.pause(target.dice.between(1_000, 5_000));
        process.child.kill('SIGCONT');
      }
      node.postgres.restore();
      return isReached;
    },
  },
];
