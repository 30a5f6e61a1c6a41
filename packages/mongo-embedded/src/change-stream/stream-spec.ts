import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { readUint32 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { entriesOf } from '../query/raw-document.ts';
import { isTruthy } from '../query/truth.ts';
import { typeNameOf } from '../query/type-names.ts';
import { type ResumePoint, readToken } from './resume-token.ts';
import type { StreamScope } from './scope.ts';

export type FullDocumentMode = 'default' | 'updateLookup' | 'whenAvailable' | 'required';
export type BeforeChangeMode = 'off' | 'whenAvailable' | 'required';

/** The validated options of a stream. */
export interface StreamSpec {
  readonly fullDocument: FullDocumentMode;
  readonly fullDocumentBeforeChange: BeforeChangeMode;
  readonly showsExpandedEvents: boolean;
  /** The looked-up document must come from the collection with the event's UUID. */
  readonly matchesUuidForLookup: boolean;
  readonly start: StreamStart;
}

export type StreamStart =
  | { readonly kind: 'now' }
  | { readonly kind: 'time'; readonly time: ClusterTime }
  | { readonly kind: 'highWaterMark'; readonly point: ResumePoint }
  | { readonly kind: 'event'; readonly point: ResumePoint };

const modes = {
  fullDocument: ['default', 'updateLookup', 'whenAvailable', 'required'],
  fullDocumentBeforeChange: ['off', 'whenAvailable', 'required'],
} as const;

const knownFields: readonly string[] = [
  'fullDocument',
  'fullDocumentBeforeChange',
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'allChangesForCluster',
  'showExpandedEvents',
  'matchCollectionUUIDForUpdateLookup',
  'showSystemEvents',
  'showMigrationEvents',
  'showRawUpdateDescription',
  'allowToRunOnConfigDB',
  'allowToRunOnSystemNS',
];

const unsupportedFields: readonly string[] = [
  'showSystemEvents',
  'showMigrationEvents',
  'showRawUpdateDescription',
  'allowToRunOnConfigDB',
  'allowToRunOnSystemNS',
];

/**
 * Reads the operand of `$changeStream`. Codes as mongod's: 50808 not a document, 40415 unknown field, 2 unknown mode,
 * 50865 and 40674 more than one start point, 72 and 73 wrong namespace, 260 resuming after an invalidate. Source:
 * `assertIsLegalSpecification` in `src/mongo/db/pipeline/document_source_change_stream.cpp` of mongodb/mongo.
 */
export function readStreamSpec(operand: RawValue, scope: StreamScope): StreamSpec {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(50808, '$changeStream stage expects a document as argument');
  const fields = new Map(entriesOf(operand));
  for (const [name, value] of fields) checkField(name, value);
  checkCluster(isTruthy(flag(fields, 'allChangesForCluster')), scope);
  return {
    fullDocument: mode(fields, 'fullDocument', modes.fullDocument) ?? 'default',
    fullDocumentBeforeChange: mode(fields, 'fullDocumentBeforeChange', modes.fullDocumentBeforeChange) ?? 'off',
    showsExpandedEvents: isTruthy(flag(fields, 'showExpandedEvents')),
    matchesUuidForLookup: isTruthy(flag(fields, 'matchCollectionUUIDForUpdateLookup')),
    start: readStart(fields, scope),
  };
}

function checkField(name: string, value: RawValue): void {
  if (!knownFields.includes(name))
    throw new MongoFailure(40415, `BSON field '$changeStream.${name}' is an unknown field.`);
  if (unsupportedFields.includes(name) && isTruthy(value))
    throw new MongoFailure('CommandNotSupported', `$changeStream.${name} is not supported by this server`);
}

function checkCluster(isAsked: boolean, scope: StreamScope): void {
  const isAdmin = scope.kind === 'cluster' || scope.database === 'admin';
  if (isAsked && scope.kind !== 'cluster') {
    throw new MongoFailure(
      'InvalidOptions',
      "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database, and with no collection name",
    );
  }
  if (isAdmin && !isAsked)
    throw new MongoFailure('InvalidNamespace', '$changeStream may not be opened on the internal admin database');
  const internal = internalNameOf(scope);
  if (internal !== null)
    throw new MongoFailure('InvalidNamespace', `$changeStream may not be opened on the internal ${internal}`);
}

/** The database or collection of the scope that has no change streams; null if there is none. */
function internalNameOf(scope: StreamScope): string | null {
  if (scope.kind === 'cluster') return null;
  if (['config', 'local'].includes(scope.database)) return `${scope.database} database`;
  const isSystem = scope.kind === 'collection' && scope.collection.startsWith('system.');
  return isSystem ? `${scope.database}.${scope.collection} collection` : null;
}

function wrongType(name: string, value: RawValue, expected: string): MongoFailure {
  return new MongoFailure(
    'TypeMismatch',
    `BSON field '$changeStream.${name}' is the wrong type '${typeNameOf(value)}', expected type '${expected}'`,
  );
}

function typed(
  fields: ReadonlyMap<string, RawValue>,
  name: string,
  [type, typeName]: readonly [number, string],
): RawValue | undefined {
  const value = fields.get(name);
  if (value !== undefined && value.type !== type) throw wrongType(name, value, typeName);
  return value;
}

function flag(fields: ReadonlyMap<string, RawValue>, name: string): RawValue | undefined {
  return typed(fields, name, [bsonTypes.boolean, 'bool']);
}

function mode<Mode extends string>(
  fields: ReadonlyMap<string, RawValue>,
  name: string,
  known: readonly Mode[],
): Mode | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  if (value.type !== bsonTypes.string) throw wrongType(name, value, 'string');
  const text = stringOf(value);
  const found = known.find((candidate) => candidate === text);
  if (found === undefined)
    throw new MongoFailure(
      'BadValue',
      `Enumeration value '${text}' for field '$changeStream.${name}' is not a valid value.`,
    );
  return found;
}

function readStart(fields: ReadonlyMap<string, RawValue>, scope: StreamScope): StreamStart {
  const isResume = fields.has('resumeAfter');
  if (isResume && fields.has('startAfter')) {
    throw new MongoFailure(50865, "Do not specify both 'resumeAfter' and 'startAfter' in a $changeStream stage");
  }
  const token = typed(fields, isResume ? 'resumeAfter' : 'startAfter', [bsonTypes.object, 'object']);
  const time = typed(fields, 'startAtOperationTime', [bsonTypes.timestamp, 'timestamp']);
  const point = token === undefined ? undefined : readToken(token);
  if (point !== undefined && time !== undefined)
    throw new MongoFailure(40674, 'Only one type of resume option is allowed, but multiple were found');
  if (point !== undefined) return tokenStart(point, { isResume, scope });
  if (time === undefined) return { kind: 'now' };
  return {
    kind: 'time',
    time: { seconds: readUint32(time.bytes, time.start + 4), increment: readUint32(time.bytes, time.start) },
  };
}

function tokenStart(
  point: ResumePoint,
  { isResume, scope }: { readonly isResume: boolean; readonly scope: StreamScope },
): StreamStart {
  if (isResume && point.isFromInvalidate) {
    throw new MongoFailure(
      'InvalidResumeToken',
      "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification",
    );
  }
  if (point.isHighWaterMark) return { kind: 'highWaterMark', point };
  if (scope.kind === 'collection' && point.uuid === null) {
    throw new MongoFailure(
      'InvalidResumeToken',
      'Attempted to resume a single-collection stream, but the resume token does not include a UUID',
    );
  }
  return { kind: 'event', point };
}
