import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Operation } from '../operation/operation.ts';
import type { Acknowledgement } from '../replication/membership.ts';
import type { ServerState } from '../server-state.ts';
import type { CallSession } from '../session/call-session.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import type { Command } from './command.ts';

interface ReadCall {
  readonly body: CommandBody;
  readonly server: ServerState;
  readonly operation: Operation;
}

interface WriteCall {
  readonly command: Pick<Command, 'isWrite'>;
  readonly session: CallSession;
  /** The nodes that hold data. */
  readonly members: number;
}

const readConcernLevels: ReadonlySet<string> = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

/**
 * Commands that take a read concern other than `local` outside of a transaction. Sources: manual, "Read Concern";
 * `supportsReadConcern` of the commands of mongodb/mongo.
 */
const reads: ReadonlySet<string> = new Set(['find', 'aggregate', 'count', 'distinct', 'explain', 'dbHash']);

/** Commands that take `readConcern: { level: 'snapshot' }` outside of a transaction. Source: manual, "Read Concern snapshot". */
const snapshotReads: ReadonlySet<string> = new Set(['find', 'aggregate', 'distinct']);

/** They continue a read whose concern was fixed by its first command; drivers repeat it. */
const continuations: ReadonlySet<string> = new Set(['getMore', 'killCursors']);

/** Whether the command's read concern chooses what it reads. */
export function startsRead(body: CommandBody): boolean {
  return !continuations.has(body.name);
}

const readModes: readonly string[] = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest'];

/** Validates `$readPreference`. A server that is alone is the primary, which every mode may read; for a member see `checkRole`. */
export function checkReadPreference(body: CommandBody): void {
  const preference = body.nested('$readPreference');
  if (preference === undefined) return;
  const mode = preference.requiredString('mode');
  if (!readModes.includes(mode))
    throw new MongoFailure('FailedToParse', `Could not parse $readPreference mode '${mode}'`);
}

/**
 * Validates `readConcern`. Throws if mongod would. On a server that is alone, every read sees the committed writes of the
 * only node, so the levels do not differ, and `afterClusterTime` never has to wait. For a replica set's member see
 * `awaitReadConcern`.
 */
export function checkReadConcern(body: CommandBody, server: ServerState, session: CallSession): void {
  const concern = body.nested('readConcern');
  if (concern === undefined) return;
  if (session.isInTransaction && !session.startsTransaction) {
    throw new MongoFailure('InvalidOptions', 'Only the first command in a transaction may specify a readConcern');
  }
  const level = concern.string('level');
  if (level !== undefined && !readConcernLevels.has(level)) {
    throw new MongoFailure(
      'BadValue',
      `Enumeration value '${level}' for field 'readConcern.level' is not a valid value.`,
    );
  }
  if (continuations.has(body.name)) return;
  if (!session.isInTransaction) checkSupport(body, level);
  checkReadTime(concern, level, server);
}

/** Checks `afterClusterTime` and `atClusterTime`. */
function checkReadTime(concern: CommandBody, level: string | undefined, server: ServerState): void {
  const after = concern.timestamp('afterClusterTime');
  const at = concern.timestamp('atClusterTime');
  if (at !== undefined && level !== 'snapshot') {
    throw new MongoFailure('InvalidOptions', "readConcern level must be 'snapshot' in order to set atClusterTime");
  }
  if (after === undefined || server.member !== null) return;
  if (compareClusterTime(after, server.store.clusterClock.current) > 0) {
    throw new MongoFailure(
      'InvalidOptions',
      'readConcern afterClusterTime value must not be greater than the current clusterTime.',
    );
  }
}

function checkSupport(body: CommandBody, level: string | undefined): void {
  if (level === undefined || level === 'local' || level === 'available') return;
  const supporting = level === 'snapshot' ? snapshotReads : reads;
  if (supporting.has(body.name)) return;
  throw new MongoFailure(
    'InvalidOptions',
    `Command ${body.name} does not support { readConcern: { level: "${level}" } }`,
  );
}

/**
 * A member of a replica set waits until it, or for `majority` the set, has reached `afterClusterTime`. Throws
 * MaxTimeMSExpired 50 if that takes longer than the call may.
 */
export async function awaitReadConcern({ body, server, operation }: ReadCall): Promise<void> {
  if (server.member === null || !startsRead(body)) return;
  const concern = body.nested('readConcern');
  const after = concern?.timestamp('afterClusterTime');
  if (after === undefined) return;
  const level = concern?.string('level');
  const isMajority = level === 'majority' || level === 'linearizable' || level === 'snapshot';
  const maxTimeMs = body.count('maxTimeMS') ?? 0;
  const timeoutMs = maxTimeMs > 0 ? maxTimeMs : null;
  if (await server.member.reached(after, { isMajority, timeoutMs, signal: operation.signal })) return;
  operation.check();
  throw new MongoFailure('MaxTimeMSExpired', 'operation exceeded time limit');
}

/** The acknowledgement that a write asks for. Without a write concern it is `majority`, as in a set of three members. */
export function acknowledgementOf(body: CommandBody): Acknowledgement {
  const concern = body.nested('writeConcern');
  const timeoutMs = concern?.count('wtimeout') ?? 0;
  const w = concern?.element('w');
  const isNumber = w !== undefined && w.type !== bsonTypes.string && w.type !== bsonTypes.object;
  return {
    nodes: isNumber ? (concern?.number('w') ?? 1) : 'majority',
    timeoutMs: timeoutMs > 0 ? timeoutMs : null,
  };
}

/** Whether this call of the command takes a write concern. */
export function isWriteCall({ isWrite }: Pick<Command, 'isWrite'>, body: CommandBody): boolean {
  return typeof isWrite === 'function' ? isWrite(body) : isWrite === true;
}

/**
 * Validates `writeConcern`. Returns null, or the reply's `writeConcernError`: a write that requests more nodes than
 * exist is still applied, as in mongod. Throws if the concern is malformed, or the command does not write. Drivers send
 * `endSessions` with `w: 0` and read no reply: refusing it would keep every session until it expires.
 */
export function checkWriteConcern(body: CommandBody, { command, session, members }: WriteCall): MongoFailure | null {
  const concern = body.nested('writeConcern');
  if (concern === undefined || body.name === 'endSessions') return null;
  if (!isWriteCall(command, body))
    throw new MongoFailure('InvalidOptions', `Command ${body.name} does not support writeConcern`);
  const isEnding = body.name === 'commitTransaction' || body.name === 'abortTransaction';
  if (session.isInTransaction && !isEnding) {
    throw new MongoFailure('InvalidOptions', 'writeConcern is not allowed within a multi-statement transaction');
  }
  for (const name of ['j', 'fsync'] as const) concern.boolean(name);
  concern.number('wtimeout');
  return checkNodes(concern, members);
}

/** Checks `w`: a number of nodes, the name of a mode, or an object of tags, which is ignored. */
function checkNodes(concern: CommandBody, members: number): MongoFailure | null {
  const w = concern.element('w');
  if (w === undefined || w.type === bsonTypes.object) return null;
  if (w.type === bsonTypes.string) return namedMode(concern.requiredString('w'));
  const nodes = concern.number('w') ?? 1;
  if (nodes < 0 || nodes > 50)
    throw new MongoFailure('FailedToParse', 'w has to be a non-negative number and not greater than 50');
  return nodes > members ? new MongoFailure('UnsatisfiableWriteConcern', 'Not enough data-bearing nodes') : null;
}

function namedMode(mode: string): MongoFailure | null {
  if (mode === 'majority') return null;
  return new MongoFailure(
    'UnknownReplWriteConcern',
    `No write concern mode named '${mode}' found in replica set configuration`,
  );
}
