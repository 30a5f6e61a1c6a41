import { Binary, Decimal128, type Document, Double, Int32, Long, ObjectId, UUID } from 'mongodb';
import type { Dice } from './dice.ts';

/** Documents of few ids, so that changes meet each other, with every kind of value in every field. */
export const idsPerCollection = 300;

const fields = ['a', 'b', 'c', 'd'] as const;
/** Paths of columns: fields, fields of an embedded document, and the whole document. */
export const paths: readonly string[] = [...fields, 'n', 'n.x', 'n.y'];

const scalars: readonly ((dice: Dice) => unknown)[] = [
  () => null,
  (dice) => new Int32(dice.pick([0, 1, -1, 7, 2_147_483_647])),
  (dice) => Long.fromBigInt(dice.pick([0n, 1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)])),
  (dice) => new Double(dice.pick([0.5, 1, 2.25, -1e6, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])),
  (dice) => Decimal128.fromString(dice.pick(['19.99', '1', '0.5', '1234567890123456789012.345678901', 'NaN'])),
  (dice) => dice.chance(0.5),
  (dice) =>
    dice.pick(['', 'text', 'a\0b', 'tab\t\\N "quoted"\n', '😀 é \u2028', '12', '{"not": "json"}', 'x'.repeat(500)]),
  (dice) => new Date(dice.pick([0, -1, 1_700_000_000_123, 253_402_300_799_999])),
  () => new ObjectId('507f1f77bcf86cd799439011'),
  () => new UUID('123e4567-e89b-42d3-a456-426614174000'),
  (dice) => new Binary(Buffer.from(dice.pick(['', 'bytes', '\0\u0001']))),
];

function anyValue(dice: Dice): unknown {
  if (dice.chance(0.85)) return dice.pick(scalars)(dice);
  const values = Array.from({ length: dice.below(4) }, () => dice.pick(scalars)(dice));
  return dice.chance(0.5) ? values : Object.fromEntries(values.map((value, index) => [`k${index}`, value]));
}

/** A document without its `_id`. `rev` grows with every write of the run. */
export function anyFields(dice: Dice, rev: number): Document {
  const document: Document = { rev: new Int32(rev) };
  for (const field of fields) if (dice.chance(0.8)) document[field] = anyValue(dice);
  if (dice.chance(0.5)) document['n'] = { x: dice.pick(scalars)(dice), y: anyValue(dice) };
  else if (dice.chance(0.3)) document['n'] = new Int32(5);
  return document;
}

/** Changes of some fields: set, removed, or set inside the embedded document. */
export function anyUpdate(dice: Dice, rev: number): Document {
  const field = dice.pick(fields);
  const set: Document = { rev: new Int32(rev) };
  if (dice.chance(0.3)) return { $set: set, $unset: { [field]: '' } };
  return { $set: { ...set, [field]: anyValue(dice) } };
}

/** One of the ids, of five BSON types; a number may come as int32 or int64, which are one `_id`. */
export function anyId(dice: Dice): unknown {
  const number = dice.below(idsPerCollection);
  const hex = number.toString(16).padStart(12, '0');
  switch (number % 5) {
    case 0:
      return dice.chance(0.5) ? new Int32(number) : Long.fromNumber(number);
    case 1:
      return `key-${number}`;
    case 2:
      return new ObjectId(`507f1f77bcf8${hex}`);
    case 3:
      return new UUID(`123e4567-e89b-42d3-a456-${hex}`);
    default:
      return new Date(number * 1_000);
  }
}
