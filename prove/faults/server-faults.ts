import type { Fault } from './fault.ts';

/** Error codes that MongoDB answers with, by `failCommand`. */
const codes = [6, 43, 91, 189, 260, 280, 286, 10_334, 11_602, 12_345];
const failingCommands = [['getMore'], ['aggregate'], ['find'], ['getMore', 'aggregate', 'find']];

const failPoints: readonly Fault[] = codes.map((errorCode) => ({
  name: `MongoDB answers ${errorCode}`,
  weight: errorCode === 260 || errorCode === 280 || errorCode === 286 ? 0.3 : 0.6,
  async strike({ cluster, dice }) {
    const data = { failCommands: dice.pick(failingCommands), errorCode, appName: 'emcachers' };
    const mode = { times: dice.between(1, 2) };
    await cluster.mongo.db('admin').command({ configureFailPoint: 'failCommand', mode, data });
    return true;
  },
}));

export const serverFaults: readonly Fault[] = [
  ...failPoints,
  {
    name: 'history of MongoDB lost',
    weight: 0.7,
    async strike({ cluster, dice, pause, node }) {
      // While nobody follows it, or under a stream that is open.
      const isUnseen = dice.chance(0.5);
      if (isUnseen) node.mongo.cut();
      await pause(dice.below(800));
      cluster.cutHistory();
      node.mongo.restore();
      return true;
    },
  },
  {
    name: 'sessions of PostgreSQL ended',
    weight: 3,
    async strike({ cluster, dice }) {
      const share = dice.pick([1, 0.5]);
      const answer = await cluster.database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'emcachers%'
            AND pid <> pg_backend_pid() AND random() <= $1`,
        [share],
      );
      return (answer.rowCount ?? 0) > 0;
    },
  },
];
