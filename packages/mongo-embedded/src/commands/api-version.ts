import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { findElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Commands of Stable API version 1. Source: manual, "Stable API". */
const versionOne: ReadonlySet<string> = new Set([
  'abortTransaction',
  'aggregate',
  'authenticate',
  'bulkWrite',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'findandmodify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'saslContinue',
  'saslStart',
  'update',
  // Not part of the API, but needed by tests and fail points that use it.
  'configureFailPoint',
  'isMaster',
  'ismaster',
]);

/** Stages that version 1 does not have. Source: manual, "Stable API". */
const otherStages: readonly string[] = [
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$collStats',
];

/**
 * Checks `apiVersion`, `apiStrict` and `apiDeprecationErrors`: 72 malformed, 322 unknown version, 323 not in the
 * version.
 */
export function checkApiVersion(body: CommandBody): void {
  const version = body.string('apiVersion');
  const isStrict = body.boolean('apiStrict') === true;
  if (version === undefined) {
    checkNoVersionOptions(body);
    return;
  }
  if (version !== '1') throw new MongoFailure('APIVersionError', `API version must be "1", got: ${version}`);
  if (isStrict) checkStrict(body);
}

/** Rejects the options of a version on a command without a version. */
function checkNoVersionOptions(body: CommandBody): void {
  if (!body.has('apiStrict') && !body.has('apiDeprecationErrors')) return;
  throw new MongoFailure('InvalidOptions', 'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion');
}

/** Rejects a command that is not in version 1, or a pipeline with a stage that is not. */
function checkStrict(body: CommandBody): void {
  if (!versionOne.has(body.name)) {
    throw new MongoFailure(
      'APIStrictError',
      `Provided apiStrict:true, but the command ${body.name} is not in API Version 1`,
    );
  }
  if (body.name !== 'aggregate') return;
  for (const stage of body.array('pipeline') ?? []) if (stage.type === bsonTypes.object) checkStage(stage.bytes);
}

/** Rejects a stage that is not in version 1. `$collStats` is in it only with `count`. */
function checkStage(stage: Buffer): void {
  const name = otherStages.find((candidate) => findElement(stage, candidate) !== undefined);
  if (name === undefined) return;
  const options = findElement(stage, name);
  if (name === '$collStats' && options?.type === bsonTypes.object && findElement(options.bytes, 'count') !== undefined)
    return;
  throw new MongoFailure('APIStrictError', `stage ${name} is not allowed with 'apiStrict: true' in API Version 1`);
}
