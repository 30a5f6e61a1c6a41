import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Fields that every command may carry. */
export const genericFields: ReadonlySet<string> = new Set([
  '$db',
  'lsid',
  'txnNumber',
  'autocommit',
  'startTransaction',
  '$clusterTime',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'comment',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  '$audit',
  '$replData',
  '$client',
]);

/** Rejects unknown arguments with 40415. `path` is the document's name in the message. */
export function checkFields(body: CommandBody, known: ReadonlySet<string>, path: string): void {
  for (const name of body.keys()) {
    if (known.has(name) || genericFields.has(name)) continue;
    throw new MongoFailure('IDLUnknownField', `BSON field '${path}.${name}' is an unknown field.`);
  }
}
