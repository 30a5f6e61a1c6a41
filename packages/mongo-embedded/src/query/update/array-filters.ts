import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { documentOf } from '../expression/expression.ts';
import { type CompiledFilter, compileFilter } from '../filter.ts';
import { entriesOf, itemsOf } from '../raw-document.ts';

/** Conditions on array items by the identifier that `$[identifier]` names. */
export type ArrayFilters = ReadonlyMap<string, (item: RawValue) => boolean>;

/** Compiles `arrayFilters`; each must use exactly one identifier. Errors: FailedToParse 9, as in mongod. */
export function compileArrayFilters(filters: readonly Uint8Array[]): ArrayFilters {
  const compiled = new Map<string, (item: RawValue) => boolean>();
  for (const filter of filters) {
    const identifier = identifierOf(filter);
    if (compiled.has(identifier)) {
      throw new MongoFailure(
        'FailedToParse',
        `Found multiple array filters with the same top-level field name ${identifier}`,
      );
    }
    const condition = compileFilter(filter);
    compiled.set(identifier, (item) => isMatch(condition, identifier, item));
  }
  return compiled;
}

function isMatch(condition: CompiledFilter, identifier: string, item: RawValue): boolean {
  return condition.matches(documentOf([[identifier, item]]).span());
}

function identifierOf(filter: Uint8Array): string {
  const names = new Set(namesIn(documentValue(filter)));
  const [name, ...more] = names;
  if (name === undefined)
    throw new MongoFailure('FailedToParse', 'Cannot use an expression without a top-level field name in arrayFilters');
  if (more.length > 0)
    throw new MongoFailure(
      'FailedToParse',
      `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${name}' and '${more[0]}'`,
    );
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
    throw new MongoFailure(
      'BadValue',
      `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
    );
  }
  return name;
}

function namesIn(filter: RawValue): string[] {
  return entriesOf(filter).flatMap(([name, value]) => {
    if (['$and', '$or', '$nor'].includes(name) && value.type === bsonTypes.array)
      return itemsOf(value).flatMap(namesIn);
    return name.startsWith('$') ? [] : [name.split('.')[0] ?? ''];
  });
}
