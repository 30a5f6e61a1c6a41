import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileFilter } from '../filter.ts';
import { integerIn } from '../numeric.ts';
import { fieldOf, nameBytes } from '../raw-document.ts';
import { type CompiledSort, compileSort } from '../sort.ts';
import { sortSteps } from '../sort-steps.ts';
import { typeNameOf } from '../type-names.ts';
import type { Variables } from '../variables.ts';
import { drain } from './paced.ts';
import type { Stage } from './stage.ts';

export function compileMatch(operand: RawValue, variables: Variables): Stage {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(15959, 'the match filter must be an expression in an object');
  const filter = compileFilter(operand.span(), variables);
  return function* match(source) {
    for (const document of source) if (document === null || filter.matches(document)) yield document;
  };
}

/** Sorts all of its input in memory, by keys that are made once. */
export function compileSortStage(operand: RawValue): Stage {
  if (operand.type !== bsonTypes.object) throw new MongoFailure(15973, 'the $sort key specification must be an object');
  const sort = compileSort(operand.span());
  if (sort.parts.length === 0) throw new MongoFailure(15976, '$sort stage must have at least one sort key');
  return sortedBy(sort);
}

/** Yields its whole input in the order of the sort; equal documents keep their order. */
export function sortedBy(sort: CompiledSort): Stage {
  return function* sorted(source) {
    const keyed: { document: Uint8Array; key: Buffer }[] = [];
    yield* drain(source, (document) => keyed.push({ document, key: sort.keyOf(document) }));
    const inOrder = yield* sortSteps(keyed, (left, right) => left.key.compare(right.key));
    for (const { document } of inOrder) yield document;
  };
}

/** The operand of `$limit` and `$skip`: an integer of at least 0. */
function count(name: string, operand: RawValue, code: number): number {
  const integer = integerIn(operand);
  if (integer === undefined)
    throw new MongoFailure(
      code,
      `invalid argument to ${name} stage: Expected an integer: ${name}: ${typeNameOf(operand)}`,
    );
  if (integer < 0n)
    throw new MongoFailure(
      code,
      `invalid argument to ${name} stage: Expected a non-negative number in: ${name}: ${integer}`,
    );
  return Number(integer);
}

export function compileLimit(operand: RawValue): Stage {
  const limit = count('$limit', operand, 2107201);
  if (limit === 0) throw new MongoFailure(15958, 'the limit must be positive');
  return function* limited(source) {
    let taken = 0;
    for (const document of source) {
      yield document;
      if (document !== null) taken += 1;
      if (taken === limit) return;
    }
  };
}

export function compileSkip(operand: RawValue): Stage {
  const skip = count('$skip', operand, 5107200);
  return function* skipped(source) {
    let left = skip;
    for (const document of source) {
      if (document === null || left === 0) yield document;
      else left -= 1;
    }
  };
}

/** `$count`: no document for an empty input. */
export function compileCount(operand: RawValue): Stage {
  if (operand.type !== bsonTypes.string) throw new MongoFailure(40156, 'the count field must be a non-empty string');
  const name = stringOf(operand);
  if (name === '') throw new MongoFailure(40156, 'the count field must be a non-empty string');
  if (name.startsWith('$')) throw new MongoFailure(40158, 'the count field cannot be a $-prefixed path');
  if (name.includes('.')) throw new MongoFailure(40160, "the count field cannot contain '.'");
  return function* counted(source) {
    let total = 0;
    yield* drain(source, () => {
      total += 1;
    });
    if (total > 0) yield new BsonWriter(64).int32(name, total).finish();
  };
}

const sizeName = nameBytes('size');

/** `$sample`: that many documents, each with the same chance (reservoir sampling). */
export function compileSample(operand: RawValue): Stage {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(28745, 'the $sample stage specification must be an object');
  const value = fieldOf(operand, sizeName);
  if (value === undefined) throw new MongoFailure(28749, '$sample stage must specify a size');
  const size = Number(integerIn(value) ?? -1n);
  if (size <= 0) throw new MongoFailure(28747, 'size argument to $sample must be a positive integer');
  return function* sampled(source) {
    const kept: Uint8Array[] = [];
    let seen = 0;
    yield* drain(source, (document) => {
      seen += 1;
      const at = kept.length < size ? kept.length : Math.floor(Math.random() * seen);
      if (at < size) kept[at] = document;
    });
    yield* kept;
  };
}
