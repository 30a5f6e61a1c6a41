import type { EngineNode } from '../cluster/engine-node.ts';
import type { Fault } from './fault.ts';
import { leaderOf, reached } from './reach.ts';

const links = [
  { name: 'PostgreSQL', of: ({ postgres }: EngineNode) => postgres },
  { name: 'MongoDB', of: ({ mongo }: EngineNode) => mongo },
] as const;

export const networkFaults: readonly Fault[] = links.flatMap(({ name, of }): readonly Fault[] => [
  {
    name: `connections to ${name} cut`,
    weight: 2,
    async strike({ node, dice, pause }) {
      of(node).cut();
      await pause(dice.below(1_500));
      of(node).restore();
      return true;
    },
  },
  {
    name: `${name} black-holed`,
    weight: 2,
    async strike({ node, dice, pause }) {
      of(node).blackHole();
      await pause(dice.between(200, 4_000));
      if (dice.chance(0.5)) of(node).cut();
      of(node).restore();
      return true;
    },
  },
  {
    name: `${name} slow`,
    weight: 1,
    async strike({ node, dice, pause }) {
      of(node).delay(dice.between(1, 60));
      await pause(dice.between(200, 3_000));
      of(node).restore();
      return true;
    },
  },
]);

export const answerFaults: readonly Fault[] = [
  {
    name: 'answer to a commit lost',
    weight: 4,
    async strike(target) {
      const node = await leaderOf(target);
      const isReached = await reached(node.postgres.loseAnswerTo('; COMMIT'), target);
      node.postgres.restore();
      return isReached;
    },
  },
];
