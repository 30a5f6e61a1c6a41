import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { documentOf } from './expression/expression.ts';
import { compileFilter } from './filter.ts';
import { equalityTest } from './filter-operators.ts';
import { entriesOf } from './raw-document.ts';

/**
 * The operand of `$pull`: a value to equal, a condition on the item (`{ $gt: 5 }`), or a filter on items that are
 * documents (`{ a: 1 }`).
 */
export function itemFilter(operand: RawValue): (item: RawValue) => boolean {
  if (operand.type !== bsonTypes.object) return equalityTest(operand);
  const [first] = entriesOf(operand);
  const isOnItem = first?.[0].startsWith('$') === true && !['$and', '$or', '$nor'].includes(first[0]);
  if (!isOnItem) {
    const filter = compileFilter(operand.span());
    return (item) => item.type === bsonTypes.object && filter.matches(item.span());
  }
  const filter = compileFilter(documentOf([['item', operand]]).span());
  return (item) => filter.matches(documentOf([['item', item]]).span());
}
