import { bsonTypes } from '@emcachers/bson/bson-types';
import { int32Value, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues, typeOrderOf } from '../compare.ts';
import { arrayOf, documentOf } from '../expression/expression.ts';
import { entriesOf, itemsOf } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import type { Variables } from '../variables.ts';
import { compileGroup } from './group.ts';
import { compileSortStage } from './small-stages.ts';
import type { Stage } from './stage.ts';

/**
 * `$bucket`, as MongoDB defines it: a `$group` by the lower boundary of the range that a value falls into, sorted by it.
 * Source: `document_source_bucket.cpp` of mongodb/mongo.
 */
export function compileBucket(operand: RawValue, variables: Variables): Stage {
  if (operand.type !== bsonTypes.object) throw new MongoFailure(40201, 'Argument to $bucket stage must be an object');
  const spec = new Map(entriesOf(operand));
  for (const name of spec.keys()) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(name))
      throw new MongoFailure(40197, `Unrecognized option to $bucket: ${name}.`);
  }
  const [groupBy, boundaries, fallback] = [spec.get('groupBy'), spec.get('boundaries'), spec.get('default')];
  if (groupBy === undefined || boundaries === undefined)
    throw new MongoFailure(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  const id = switchOf(groupBy, checkedBoundaries(boundaries), fallback);
  const group = compileGroup(documentOf([['_id', id], ...outputFields(spec.get('output'))]), variables);
  const sort = compileSortStage(documentOf([['_id', int32Value(1)]]));
  return (source) => sort(group(source));
}

/** The accumulators; without `output` a count. */
function outputFields(output: RawValue | undefined): (readonly [string, RawValue])[] {
  if (output === undefined) return [['count', documentOf([['$sum', int32Value(1)]])]];
  if (output.type === bsonTypes.object) return entriesOf(output);
  throw new MongoFailure(40196, `The $bucket 'output' field must be an object, but found type: ${typeNameOf(output)}.`);
}

function checkedBoundaries(boundaries: RawValue): RawValue[] {
  if (boundaries.type !== bsonTypes.array)
    throw new MongoFailure(40200, "The $bucket 'boundaries' field must be an array");
  const values = itemsOf(boundaries);
  if (values.length < 2) throw new MongoFailure(40192, "The $bucket 'boundaries' field must have at least 2 values");
  for (const [index, value] of values.entries()) {
    const next = values[index + 1];
    if (next !== undefined) checkOrder(value, next);
  }
  return values;
}

function checkOrder(lower: RawValue, upper: RawValue): void {
  if (typeOrderOf(lower.type) !== typeOrderOf(upper.type))
    throw new MongoFailure(40193, "All values in the 'boundaries' option to $bucket must have the same type");
  if (compareValues(lower, upper) >= 0)
    throw new MongoFailure(40194, "The 'boundaries' option to $bucket must be sorted");
}

function literal(value: RawValue): RawValue {
  return documentOf([['$literal', value]]);
}

/** The lower boundary of the value's bucket; no matching bucket and no default is an error, as in MongoDB. */
function switchOf(groupBy: RawValue, boundaries: readonly RawValue[], fallback: RawValue | undefined): RawValue {
  const branches = boundaries.slice(0, -1).map((lower, index) => {
    const upper = boundaries[index + 1] ?? lower;
    const isWithin = arrayOf([
      documentOf([['$gte', arrayOf([groupBy, literal(lower)])]]),
      documentOf([['$lt', arrayOf([groupBy, literal(upper)])]]),
    ]);
    return documentOf([
      ['case', documentOf([['$and', isWithin]])],
      ['then', literal(lower)],
    ]);
  });
  const fields: [string, RawValue][] = [['branches', arrayOf(branches)]];
  if (fallback !== undefined)
    fields.push(['default', fallback.type === bsonTypes.object ? fallback : literal(fallback)]);
  return documentOf([['$switch', documentOf(fields)]]);
}
