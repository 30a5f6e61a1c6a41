import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandResult } from './command.ts';

const noPlan = { queryPlanner: { plannerVersion: 1, winningPlan: { stage: 'UNKNOWN' }, rejectedPlans: [] } };

/** Small commands that shells and test suites send. Each reports this server's actual state. */
export const administrationCommands: readonly Command[] = [
  { names: ['usersInfo'], run: () => ({ users: [] }) },
  { names: ['currentOp'], isAdminOnly: true, run: () => ({ inprog: [] }) },
  { names: ['killOp'], isAdminOnly: true, run: () => ({ info: 'attempting to kill op' }) },
  { names: ['profile'], run: () => ({ was: 0, slowms: 100, sampleRate: 1 }) },
  { names: ['getFreeMonitoringStatus'], isAdminOnly: true, run: () => ({ state: 'disabled' }) },
  {
    names: ['getDefaultRWConcern'],
    isAdminOnly: true,
    run: () => ({
      defaultReadConcern: { level: 'local' },
      defaultWriteConcern: { w: 'majority', wtimeout: 0 },
      defaultWriteConcernSource: 'implicit',
      defaultReadConcernSource: 'implicit',
    }),
  },
  {
    names: ['fsync'],
    isAdminOnly: true,
    run({ body, server }): CommandResult {
      if (body.boolean('lock') === true)
        throw new MongoFailure('CommandNotSupported', 'fsync with lock is not supported by this server');
      server.store.group.commit();
      return { numFiles: 1 };
    },
  },
  {
    names: ['setFeatureCompatibilityVersion'],
    isAdminOnly: true,
    run({ body, server }): CommandResult {
      const { version } = server.parameters.featureCompatibilityVersion;
      if (body.requiredString('setFeatureCompatibilityVersion') === version) return {};
      throw new MongoFailure(
        'CommandNotSupported',
        `this server has the feature compatibility version ${version} only`,
      );
    },
  },
  {
    names: ['explain'],
    run({ body }): CommandResult {
      const explained = body.nested('explain');
      if (explained === undefined) throw new MongoFailure('FailedToParse', "'explain' must be an object");
      return {
        ...noPlan,
        command: explained.decode(),
        note: 'this server has no query planner: it looks up _id, or reads the collection',
      };
    },
  },
];
