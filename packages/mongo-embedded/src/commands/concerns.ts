import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ServerState } from '../server-state.ts';
import type { CallSession } from '../session/call-session.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';

const readConcernLevels: ReadonlySet<string> = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

/** Commands that take `readConcern: { level: 'snapshot' }` outside of a transaction. Source: manual, "Read Concern snapshot". */
const snapshotReads: ReadonlySet<string> = new Set(['find', 'aggregate', 'distinct']);

/**
 * Validates `readConcern`. Every read sees the committed writes of the only node, so the levels do not differ, and
 * `afterClusterTime` never has to wait. Throws if mongod would.
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
  if (level === 'snapshot' && !session.isInTransaction && !snapshotReads.has(body.name)) {
    throw new MongoFailure('InvalidOptions', `read concern level snapshot is not supported by command '${body.name}'`);
  }
  const after = concern.timestamp('afterClusterTime');
  const at = concern.timestamp('atClusterTime');
  if (at !== undefined && level !== 'snapshot') {
    throw new MongoFailure('InvalidOptions', "readConcern level must be 'snapshot' in order to set atClusterTime");
  }
  if (after === undefined) return;
  if (compareClusterTime(after, server.store.clusterClock.current) > 0) {
    throw new MongoFailure(
      'InvalidOptions',
      'readConcern afterClusterTime value must not be greater than the current clusterTime.',
    );
  }
}

/**
 * Validates `writeConcern`. Returns null, or the reply's `writeConcernError`: a write that requests more nodes than
 * exist is still applied, as in mongod. Throws if the concern is malformed.
 */
export function checkWriteConcern(body: CommandBody, session: CallSession): MongoFailure | null {
  const concern = body.nested('writeConcern');
  if (concern === undefined) return null;
  const isEnding = body.name === 'commitTransaction' || body.name === 'abortTransaction';
  if (session.isInTransaction && !isEnding) {
    throw new MongoFailure('InvalidOptions', 'writeConcern is not allowed within a multi-statement transaction');
  }
  const w = concern.element('w');
  if (w === undefined || w.type === bsonTypes.object) return null;
  if (w.type === bsonTypes.string) return namedMode(concern.requiredString('w'));
  const nodes = concern.number('w') ?? 1;
  if (nodes < 0 || nodes > 50)
    throw new MongoFailure('FailedToParse', 'w has to be a non-negative number and not greater than 50');
  return nodes > 1 ? new MongoFailure('UnsatisfiableWriteConcern', 'Not enough data-bearing nodes') : null;
}

function namedMode(mode: string): MongoFailure | null {
  if (mode === 'majority') return null;
  return new MongoFailure(
    'UnknownReplWriteConcern',
    `No write concern mode named '${mode}' found in replica set configuration`,
  );
}
