import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import type { Command } from '../commands/command.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Role } from './membership.ts';

/** Commands that any member runs, whatever the read preference. Source: mongodb/mongo, `AllowedOnSecondary::kAlways`. */
const always: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'ping',
  'buildInfo',
  'serverStatus',
  'hostInfo',
  'connectionStatus',
  'getCmdLineOpts',
  'getLog',
  'whatsmyuri',
  'listCommands',
  'saslStart',
  'saslContinue',
  'authenticate',
  'logout',
  'getMore',
  'killCursors',
  'startSession',
  'endSessions',
  'refreshSessions',
  'killAllSessions',
  'getParameter',
  'setParameter',
  'configureFailPoint',
  'fsync',
  'currentOp',
  'killOp',
  'getDefaultRWConcern',
  'profile',
  'replSetGetStatus',
  'replSetGetConfig',
  'replSetStepDown',
  'getFreeMonitoringStatus',
]);

/** Commands that a secondary runs if the read preference allows it: `AllowedOnSecondary::kOptIn`. */
const optIn: ReadonlySet<string> = new Set([
  'find',
  'aggregate',
  'count',
  'distinct',
  'explain',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'collStats',
  'dbStats',
  'dataSize',
  'validate',
  'usersInfo',
]);

/** Throws MongoDB's error if a member with this role does not run the command: 10107, 13435 or 13436. */
export function checkRole(command: Command, body: CommandBody, role: Role): void {
  const name = command.names[0] ?? '';
  if (role === 'primary' || always.has(name)) return;
  if (!optIn.has(name) || body.has('txnNumber') || writes(body))
    throw new MongoFailure('NotWritablePrimary', 'not primary');
  if (role === 'recovering')
    throw new MongoFailure('NotPrimaryOrSecondary', 'node is not in primary or recovering state');
  checkSecondaryRead(body);
}

function checkSecondaryRead(body: CommandBody): void {
  const mode = body.nested('$readPreference')?.string('mode') ?? 'primary';
  if (mode === 'primary') throw new MongoFailure('NotPrimaryNoSecondaryOk', 'not primary and secondaryOk=false');
  if (body.nested('readConcern')?.string('level') === 'snapshot')
    throw new MongoFailure('SnapshotUnavailable', 'Secondaries of this server keep no earlier versions of documents');
}

/** Whether the last stage of the pipeline is `$out` or `$merge`. */
function writes(body: CommandBody): boolean {
  if (body.name !== 'aggregate' || body.element('pipeline')?.type !== bsonTypes.array) return false;
  const last = body.array('pipeline')?.at(-1);
  if (last?.type !== bsonTypes.object) return false;
  return (
    last.bytes.subarray(5, 9).toString('latin1') === '$out' ||
    last.bytes.subarray(5, 11).toString('latin1') === '$merge'
  );
}
