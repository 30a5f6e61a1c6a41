import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

/** `profile`: reports that the profiler is off, and refuses to turn it on. -1 only asks. */
function profile({ body }: CommandContext): CommandResult {
  const level = body.number('profile') ?? -1;
  if (level === 1 || level === 2)
    throw new MongoFailure('CommandNotSupported', `profiling level ${level} is not supported by this server`);
  return { was: 0, slowms: 100, sampleRate: 1 };
}

/** Small commands that shells and test suites send. Each reports this server's actual state. */
export const administrationCommands: readonly Command[] = [
  { names: ['usersInfo'], run: () => ({ users: [] }) },
  { names: ['profile'], run: profile },
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
];
