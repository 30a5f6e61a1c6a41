import type { BsonWriter } from '../bson/bson-writer.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { flagIn, numberIn, objectIn, stringIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compileFilter } from '../query/filter.ts';
import { checkCollation } from './collation.ts';

/** Throws if the option's value is malformed. `path` names the option in messages. */
type OptionCheck = (element: RawElement, path: string) => void;

/** Options that are stored as they are given. */
const stored: ReadonlyMap<string, OptionCheck> = new Map<string, OptionCheck>([
  ['unique', flagIn],
  ['sparse', flagIn],
  ['hidden', flagIn],
  ['prepareUnique', flagIn],
  ['storageEngine', objectIn],
  ['weights', objectIn],
  ['wildcardProjection', objectIn],
  ['default_language', stringIn],
  ['language_override', stringIn],
  ['textIndexVersion', numberIn],
  ['2dsphereIndexVersion', numberIn],
  ['bits', numberIn],
  ['min', numberIn],
  ['max', numberIn],
  ['bucketSize', numberIn],
  ['expireAfterSeconds', checkExpiry],
  ['partialFilterExpression', checkPartialFilter],
]);

/** Fields that are checked here and not stored. */
const unstored: ReadonlyMap<string, OptionCheck> = new Map<string, OptionCheck>([
  ['v', checkVersion],
  ['ns', stringIn],
  ['background', flagIn],
  ['dropDups', flagIn],
  ['collation', checkCollation],
  ['clustered', refuseClustered],
]);

/** Fields that the caller reads itself. */
const leading: ReadonlySet<string> = new Set(['key', 'name']);

/** Checks one field of an index specification, and appends it if it is an option to store. */
export function appendIndexOption(writer: BsonWriter, field: string, element: RawElement): void {
  if (leading.has(field)) return;
  const check = stored.get(field) ?? unstored.get(field);
  if (check === undefined) {
    throw new MongoFailure(
      'InvalidIndexSpecificationOption',
      `The field '${field}' is not valid for an index specification.`,
    );
  }
  check(element, `createIndexes.indexes.${field}`);
  if (stored.has(field)) writer.value(field, element.type, element.bytes);
}

function checkVersion(element: RawElement, path: string): void {
  if ([1, 2].includes(numberIn(element, path))) return;
  throw new MongoFailure('CannotCreateIndex', 'Invalid index version: only versions 1 and 2 are supported');
}

function checkExpiry(element: RawElement, path: string): void {
  const seconds = numberIn(element, path);
  if (seconds >= 0 && seconds < 2 ** 31) return;
  throw new MongoFailure(
    'CannotCreateIndex',
    "TTL index 'expireAfterSeconds' option must be within an acceptable range",
  );
}

function checkPartialFilter(element: RawElement, path: string): void {
  compileFilter(objectIn(element, path));
}

function refuseClustered(): never {
  throw new MongoFailure('CommandNotSupported', 'clustered indexes are not supported by this server');
}
