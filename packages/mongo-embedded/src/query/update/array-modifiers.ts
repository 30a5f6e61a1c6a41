import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { arrayOf } from '../expression/expression.ts';
import { itemFilter } from '../item-filter.ts';
import { integerIn } from '../numeric.ts';
import { entriesOf, itemsOf } from '../raw-document.ts';
import { compileSort, compileValueSort } from '../sort.ts';
import { typeNameOf } from '../type-names.ts';
import { shown } from './field-modifiers.ts';
import { keep, type Modifier, type ModifierPlace, type ModifierUse, type Outcome, set } from './modifier.ts';

interface PushSpec {
  readonly items: readonly RawValue[];
  readonly position: number | null;
  readonly slice: number | null;
  readonly sort: ((left: RawValue, right: RawValue) => number) | null;
}

function badValue(message: string): MongoFailure {
  return new MongoFailure('BadValue', message);
}

function pushModifier({ operand }: ModifierUse): Modifier {
  const spec = pushSpec(operand);
  return {
    createsPath: true,
    apply: (current, place) => {
      if (current === undefined) return set(arrayOf(arranged([], spec)));
      if (current.type !== bsonTypes.array) {
        throw badValue(
          `The field '${place.path}' must be an array but is of type ${typeNameOf(current)} in document ${place.documentLabel}`,
        );
      }
      return pushOnto(current, spec);
    },
  };
}

function pushOnto(array: RawValue, spec: PushSpec): Outcome {
  const items = itemsOf(array);
  if (isAppend(spec, items.length)) return spec.items.length === 0 ? keep : { kind: 'append', items: spec.items };
  const result = arrayOf(arranged(items, spec));
  return compareValues(result, array) === 0 ? keep : set(result);
}

/** Whether the items are added at the end of an array of this length, and the others stay. */
function isAppend({ slice, sort, position }: PushSpec, length: number): boolean {
  return slice === null && sort === null && (position === null || position >= length);
}

function arranged(items: readonly RawValue[], spec: PushSpec): RawValue[] {
  const result = [...items];
  result.splice(spec.position ?? result.length, 0, ...spec.items);
  if (spec.sort !== null) result.sort(spec.sort);
  if (spec.slice === null) return result;
  return spec.slice >= 0 ? result.slice(0, spec.slice) : result.slice(spec.slice);
}

function pushSpec(operand: RawValue): PushSpec {
  const entries = operand.type === bsonTypes.object ? new Map(entriesOf(operand)) : new Map<string, RawValue>();
  const each = entries.get('$each');
  if (each === undefined) return { items: [operand], position: null, slice: null, sort: null };
  if (each.type !== bsonTypes.array)
    throw badValue(`The argument to $each in $push must be an array but it was of type: ${typeNameOf(each)}`);
  for (const name of entries.keys()) {
    if (!['$each', '$slice', '$sort', '$position'].includes(name))
      throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  return {
    items: itemsOf(each),
    position: integerClause(entries.get('$position'), '$position'),
    slice: integerClause(entries.get('$slice'), '$slice'),
    sort: sortClause(entries.get('$sort')),
  };
}

function integerClause(value: RawValue | undefined, name: string): number | null {
  if (value === undefined) return null;
  const integer = integerIn(value);
  if (integer === undefined)
    throw badValue(`The value for ${name} must be an integer value but was given type: ${typeNameOf(value)}`);
  return Number(integer);
}

function sortClause(value: RawValue | undefined): PushSpec['sort'] {
  if (value === undefined) return null;
  if (value.type === bsonTypes.object) return compileSort(value.span()).compareValues;
  const direction = integerIn(value);
  if (direction !== 1n && direction !== -1n) throw badValue('The $sort element value must be either 1 or -1');
  return compileValueSort(direction === 1n ? 1 : -1);
}

function addToSetModifier({ operand }: ModifierUse): Modifier {
  const candidates = addToSetItems(operand);
  return {
    createsPath: true,
    apply: (current, place) => {
      if (current === undefined) return set(arrayOf(union([], candidates)));
      if (current.type !== bsonTypes.array) {
        const field = place.path.split('.').at(-1) ?? '';
        throw badValue(
          `Cannot apply $addToSet to non-array field. Field named '${field}' has non-array type ${typeNameOf(current)}`,
        );
      }
      const items = itemsOf(current);
      const all = union(items, candidates);
      return all.length === items.length ? keep : set(arrayOf(all));
    },
  };
}

/** The items, and each candidate that no other item equals. */
function union(items: readonly RawValue[], candidates: readonly RawValue[]): RawValue[] {
  const all = [...items];
  for (const candidate of candidates) {
    if (!all.some((item) => compareValues(item, candidate) === 0)) all.push(candidate);
  }
  return all;
}

function addToSetItems(operand: RawValue): readonly RawValue[] {
  if (operand.type !== bsonTypes.object) return [operand];
  const [first, ...more] = entriesOf(operand);
  if (first?.[0] !== '$each') return [operand];
  if (first[1].type !== bsonTypes.array) {
    throw new MongoFailure(
      'TypeMismatch',
      `The argument to $each in $addToSet must be an array but it was of type ${typeNameOf(first[1])}`,
    );
  }
  if (more[0] !== undefined) throw badValue(`Found unexpected fields after $each in $addToSet: ${shown(operand)}`);
  return itemsOf(first[1]);
}

function popModifier({ path, operand }: ModifierUse): Modifier {
  const end = integerIn(operand);
  if (end === undefined) throw new MongoFailure('FailedToParse', `Expected a number in: ${path}: ${shown(operand)}`);
  if (end !== 1n && end !== -1n) throw new MongoFailure('FailedToParse', `$pop expects 1 or -1, found: ${end}`);
  return {
    createsPath: false,
    apply: (current, place) => {
      if (current === undefined) return keep;
      if (current.type !== bsonTypes.array) {
        throw new MongoFailure(
          'TypeMismatch',
          `Path '${place.path}' contains an element of non-array type '${typeNameOf(current)}'`,
        );
      }
      const items = itemsOf(current);
      if (items.length === 0) return keep;
      return set(arrayOf(end === 1n ? items.slice(0, -1) : items.slice(1)));
    },
  };
}

function filterItems(isPulled: (item: RawValue) => boolean): Modifier['apply'] {
  return (current: RawValue | undefined, _place: ModifierPlace): Outcome => {
    if (current === undefined) return keep;
    if (current.type !== bsonTypes.array) throw badValue('Cannot apply $pull to a non-array value');
    const items = itemsOf(current);
    const kept = items.filter((item) => !isPulled(item));
    return kept.length === items.length ? keep : set(arrayOf(kept));
  };
}

function pullAllModifier({ operand }: ModifierUse): Modifier {
  if (operand.type !== bsonTypes.array)
    throw badValue(`$pullAll requires an array argument but was given a ${typeNameOf(operand)}`);
  const unwanted = itemsOf(operand);
  return {
    createsPath: false,
    apply: filterItems((item) => unwanted.some((value) => compareValues(item, value) === 0)),
  };
}

/** Operators on arrays. Source: the manual's page "Array Update Operators"; codes and messages from `src/mongo/db/update/` of mongodb/mongo. */
export const arrayModifiers: Readonly<Record<string, (use: ModifierUse) => Modifier>> = {
  $push: pushModifier,
  $addToSet: addToSetModifier,
  $pop: popModifier,
  $pull: ({ operand }) => ({ createsPath: false, apply: filterItems(itemFilter(operand)) }),
  $pullAll: pullAllModifier,
};
