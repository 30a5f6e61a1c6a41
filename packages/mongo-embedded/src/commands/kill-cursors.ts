import { bsonTypes } from '@emcachers/bson/bson-types';
import { Long } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { collectionName } from './namespace.ts';

function run({ body, database, server }: CommandContext): CommandResult {
  collectionName(body, database);
  const ids = body.array('cursors');
  if (ids === undefined)
    throw new MongoFailure('IDLFailedToParse', "BSON field 'killCursors.cursors' is missing but a required field");
  const killed: Long[] = [];
  const missing: Long[] = [];
  for (const element of ids) {
    if (element.type !== bsonTypes.int64)
      throw new MongoFailure('TypeMismatch', "BSON field 'killCursors.cursors' must hold values of type 'long'");
    const id = element.bytes.readBigInt64LE(0);
    (server.cursors.kill(id) ? killed : missing).push(Long.fromBigInt(id));
  }
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] };
}

/** `killCursors`. */
export const killCursorsCommand: Command = {
  names: ['killCursors'],
  isTransactional: true,
  run,
};
