import type { Dice } from './dice.ts';

/** A filter in Extended JSON, as an operator writes it. */
export type Filter = Readonly<Record<string, unknown>>;

const largeNumber = { $numberLong: '9007199254740993' };

/** Each write changes `rev`, and most change another field, so that documents enter and leave these filters all the time. */
const filters: readonly ((dice: Dice) => Filter)[] = [
  (dice) => ({ rev: { $mod: [dice.between(2, 4), dice.below(2)] } }),
  (dice) => ({ rev: { $mod: [2, dice.below(2)] }, a: { $exists: dice.chance(0.5) } }),
  (dice) => ({ a: { [dice.pick(['$gt', '$gte', '$lt', '$lte'])]: dice.pick([0, 1, 7, 0.5, largeNumber]) } }),
  (dice) => ({ b: { [dice.pick(['$in', '$nin'])]: [1, 'text', true, null, { $numberDecimal: '0.5' }] } }),
  (dice) => ({ c: { [dice.pick(['$eq', '$ne'])]: dice.pick([null, 1, '12', false, largeNumber]) } }),
  (dice) => ({ d: { $not: { $type: dice.pick(['string', 'number', 'array', 'object', 'date', 'bool', 'binData']) } } }),
  (dice) => ({ $or: [{ a: true }, { n: 5 }, { 'n.x': { $lt: dice.pick([0, 8]) } }] }),
  (dice) => ({ $nor: [{ a: null }, { rev: { $mod: [3, dice.below(3)] } }] }),
  (dice) => ({ $and: [{ b: { $exists: true } }, { 'n.y': { $ne: dice.pick([null, 'text']) } }] }),
  (dice) => ({ c: { $size: dice.below(4) } }),
  (dice) => ({ d: { $elemMatch: { $gte: dice.pick([0, '']) } } }),
  (dice) => ({
    b: { [dice.pick(['$gte', '$lt'])]: { $date: dice.pick(['1970-01-01T00:00:00Z', '2024-01-01T00:00:00Z']) } },
  }),
  (dice) => ({ a: { [dice.pick(['$gt', '$lte'])]: dice.pick(['', 'text', 'tab']) } }),
  () => ({ 'a.k0': { $exists: true } }),
  () => ({ a: { $oid: '507f1f77bcf86cd799439011' } }),
  () => ({ a: { $numberDouble: 'NaN' } }),
];

export function anyFilter(dice: Dice): Filter {
  return dice.pick(filters)(dice);
}
