import { expect, test } from 'vitest';
import { Conversion } from '../change-source/to-operation.ts';
import { type ChangeUnit, ChangeUnits, type ConvertedChange } from './change-units.ts';

const bounds = { transactionOperationsMax: 6, transactionBytesMax: 1_000_000, batchOpsMax: 4, batchBytesMax: 1_000 };

/** A change of transaction `number`, or of none; its name is its token. */
function change(name: string, number: number | null = null, bytes = 10): ConvertedChange {
  const transaction = number === null ? null : { sessionId: Buffer.from('session'), number: BigInt(number) };
  const conversion = new Conversion();
  return { conversion, token: Buffer.from(name), transaction, pipelineHash: 'p', operations: 1, bytes };
}

interface Reply {
  readonly changes: readonly ConvertedChange[];
  readonly isLevel: boolean;
}

function level(...changes: readonly ConvertedChange[]): Reply {
  return { changes, isLevel: true };
}

function full(...changes: readonly ConvertedChange[]): Reply {
  return { changes, isLevel: false };
}

/** The units of these replies in order, each as the names of its changes, with a mark if readers see it together. */
function unitsOf(...replies: readonly Reply[]) {
  let divided = 0;
  const units = new ChangeUnits(bounds, () => {
    divided += 1;
  });
  const ended: (ChangeUnit | null)[] = [];
  for (const { changes, isLevel } of replies) {
    for (const each of changes) ended.push(units.add(each));
    ended.push(units.endReply({ isEmpty: changes.length === 0, isLevel }));
  }
  const names = ended.flatMap((unit) => {
    if (unit === null) return [];
    const text = unit.changes.map(({ token }) => Buffer.from(token).toString()).join(' ');
    expect(unit.operations).toBe(unit.changes.length);
    return [unit.isTogether ? `[${text}]` : text];
  });
  return { names, divided, isEmpty: units.isEmpty() };
}

test('changes without a transaction are passed on with their reply', () => {
  expect(unitsOf(level(change('a'), change('b')), level(change('c'))).names).toEqual(['a b', 'c']);
});

test('a transaction ends with the next change of another one, or an empty reply', () => {
  const { names } = unitsOf(level(change('a', 1), change('b', 1)), level(change('c', 2)), level());
  expect(names).toEqual(['[a b]', '[c]']);
  expect(unitsOf(level(change('a', 1))).isEmpty).toBe(false);
});

test('a transaction that goes on in the next reply is one unit', () => {
  expect(unitsOf(level(change('a', 1)), level(change('b', 1)), level(change('c'))).names).toEqual(['[a b]', 'c']);
});

test('full replies with a transaction form one unit with the first that is level: their documents may be newer than their changes', () => {
  const replies = [full(change('a'), change('b', 1)), full(change('c', 2)), level(change('d'))];
  expect(unitsOf(...replies).names).toEqual(['[a b c d]']);
});

test('full replies without a transaction form units of a batch, in operations and in bytes', () => {
  const changes = ['a', 'b', 'c', 'd', 'e'].map((name) => change(name));
  expect(unitsOf(full(...changes), level()).names).toEqual(['a b c d', 'e']);
  expect(unitsOf(full(change('a', null, 2_000), change('b')), level()).names).toEqual(['a', 'b']);
});

test('a unit above its bounds ends between two transactions', () => {
  const changes = [1, 1, 1, 2, 2, 2, 2].map((number, index) => change(`${index}`, number));
  expect(unitsOf(full(...changes), level()).names).toEqual(['[0 1 2]', '[3 4 5 6]']);
});

test('a transaction above the bounds is passed on in parts and counted once; the next one is whole again', () => {
  const long = Array.from({ length: 14 }, (_, index) => change(`${index}`, 1));
  const { names, divided } = unitsOf(full(...long, change('x', 2), change('y', 2)), level());
  expect(names).toEqual(['0 1 2 3 4 5', '6 7 8 9 10 11', '12 13', '[x y]']);
  expect(divided).toBe(1);
});

test('the same number in another session is another transaction', () => {
  const other = { ...change('b', 1), transaction: { sessionId: Buffer.from('other'), number: 1n } };
  expect(unitsOf(level(change('a', 1)), level(other), level()).names).toEqual(['[a]', '[b]']);
});
