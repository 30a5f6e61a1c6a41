import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

/** Longest `database.collection` in bytes (unsharded). Source: manual, "MongoDB Limits and Thresholds". */
const namespaceBytesMax = 255;
const databaseBytesMax = 63;

/** Rejects an invalid database name with InvalidNamespace 73. */
export function checkDatabaseName(database: string): void {
  if (database === '' || Buffer.byteLength(database) > databaseBytesMax || /[/\\. "$\0]/.test(database)) {
    throw new MongoFailure('InvalidNamespace', `Invalid database name: '${database}'`);
  }
}

/** Rejects an invalid collection name with InvalidNamespace 73. */
export function checkCollectionName(database: string, name: string): void {
  checkDatabaseName(database);
  const namespace = `${database}.${name}`;
  const isSound = name !== '' && !name.startsWith('.') && !name.endsWith('.') && !name.includes('\0');
  if (!isSound) throw new MongoFailure('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
  if (Buffer.byteLength(namespace) > namespaceBytesMax) {
    throw new MongoFailure(
      'InvalidNamespace',
      `Fully qualified namespace is too long. Namespace: ${namespace} Max: ${namespaceBytesMax}`,
    );
  }
}

/** Also rejects names that clients must not create or write: names with `$` and system collections. */
export function checkWritableName(database: string, name: string): void {
  checkCollectionName(database, name);
  if (name.includes('$')) throw new MongoFailure('InvalidNamespace', `Invalid collection name: ${name}`);
  if (name.startsWith('system.') && !['system.js', 'system.views', 'system.profile'].includes(name)) {
    throw new MongoFailure('InvalidNamespace', `cannot write to '${database}.${name}'`);
  }
}

/** The namespace that a call is about: of the collection that `field` names, or of its database. */
export function namespaceOf(body: CommandBody, database: string, field: string): string {
  const named = body.rawElement(field);
  return named?.type === bsonTypes.string
    ? `${database}.${named.bytes.toString('utf8', 4, named.bytes.length - 1)}`
    : `${database}.$cmd`;
}

/** The collection that the command's first field names. */
export function collectionName(body: CommandBody, database: string): string {
  const element = body.rawElement(body.name);
  if (element?.type !== bsonTypes.string) {
    throw new MongoFailure(
      'InvalidNamespace',
      `collection name has invalid type ${element === undefined ? 'missing' : element.type}`,
    );
  }
  const name = body.requiredString(body.name);
  checkCollectionName(database, name);
  return name;
}
