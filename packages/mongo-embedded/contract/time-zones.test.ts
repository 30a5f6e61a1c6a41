import { Decimal128, Double, Int32, Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Date Expression Operators" (Olson names and offsets), "$dateAdd" (days and longer units keep the
// local time of day), "$dateDiff", "$dateTrunc" (bins count from 2000-01-01 in the zone), "$round", "$trunc".
const server = useServer();

async function evaluated(expression: object): Promise<unknown> {
  await using scratch = freshDatabase(server().client);
  const options = { promoteValues: false };
  const pipeline = [{ $documents: [{}] }, { $project: { x: expression } }];
  const [document] = await scratch.db.aggregate(pipeline, options).toArray();
  return document?.['x'];
}

function at(text: string): Date {
  return new Date(text);
}

const newYork = 'America/New_York';
/** Clocks of New York go forward on 2021-03-14 at 07:00 UTC, and back on 2021-11-07 at 06:00 UTC. */
const cases: [string, object, unknown][] = [
  ['$hour in winter', { $hour: { date: at('2021-01-01T12:00:00Z'), timezone: newYork } }, 7],
  ['$hour in summer', { $hour: { date: at('2021-07-01T12:00:00Z'), timezone: newYork } }, 8],
  ['$dayOfMonth across midnight', { $dayOfMonth: { date: at('2021-01-01T02:00:00Z'), timezone: newYork } }, 31],
  ['$minute by an offset', { $minute: { date: at('2021-01-01T12:00:00Z'), timezone: '+05:30' } }, 30],
  [
    '$hour in a zone of quarter hours',
    { $minute: { date: at('2021-01-01T12:00:00Z'), timezone: 'Asia/Kathmandu' } },
    45,
  ],
  ['a part in a zone that is null', { $hour: { date: at('2021-01-01T12:00:00Z'), timezone: null } }, null],
  [
    '$dateToString',
    { $dateToString: { date: at('2021-07-01T12:00:00Z'), timezone: newYork, format: '%Y-%m-%d %H:%M %z' } },
    '2021-07-01 08:00 -0400',
  ],
  [
    '$dateToString without a format',
    { $dateToString: { date: at('2021-07-01T12:00:00Z'), timezone: newYork } },
    '2021-07-01T08:00:00.000',
  ],
  [
    '$dateFromString',
    { $dateFromString: { dateString: '2021-07-01T08:00:00', timezone: newYork } },
    at('2021-07-01T12:00:00Z'),
  ],
  [
    '$dateAdd of a day over a change of clocks',
    { $dateAdd: { startDate: at('2021-03-13T17:00:00Z'), unit: 'day', amount: 1, timezone: newYork } },
    at('2021-03-14T16:00:00Z'),
  ],
  [
    '$dateAdd of hours over a change of clocks',
    { $dateAdd: { startDate: at('2021-03-13T17:00:00Z'), unit: 'hour', amount: 24, timezone: newYork } },
    at('2021-03-14T17:00:00Z'),
  ],
  [
    '$dateAdd of a month at its end',
    { $dateAdd: { startDate: at('2021-02-01T03:00:00Z'), unit: 'month', amount: 1, timezone: newYork } },
    at('2021-03-01T03:00:00Z'),
  ],
  [
    '$dateSubtract',
    { $dateSubtract: { startDate: at('2021-11-08T17:00:00Z'), unit: 'day', amount: 2, timezone: newYork } },
    at('2021-11-06T16:00:00Z'),
  ],
  [
    '$dateDiff in days',
    {
      $dateDiff: {
        startDate: at('2021-01-01T03:00:00Z'),
        endDate: at('2021-01-01T06:00:00Z'),
        unit: 'day',
        timezone: newYork,
      },
    },
    1n,
  ],
  [
    '$dateDiff in weeks that begin on Monday',
    {
      $dateDiff: {
        startDate: at('2021-01-03T12:00:00Z'),
        endDate: at('2021-01-04T12:00:00Z'),
        unit: 'week',
        startOfWeek: 'mon',
      },
    },
    1n,
  ],
  [
    '$dateTrunc to a day',
    { $dateTrunc: { date: at('2021-07-01T02:00:00Z'), unit: 'day', timezone: newYork } },
    at('2021-06-30T04:00:00Z'),
  ],
  [
    '$dateTrunc to a week that begins on Monday',
    { $dateTrunc: { date: at('2021-01-03T12:00:00Z'), unit: 'week', startOfWeek: 'monday' } },
    at('2020-12-28T00:00:00Z'),
  ],
  [
    '$dateTrunc to a quarter',
    { $dateTrunc: { date: at('2021-05-20T12:00:00Z'), unit: 'quarter', timezone: newYork } },
    at('2021-04-01T04:00:00Z'),
  ],
  [
    '$dateTrunc to bins of two hours',
    { $dateTrunc: { date: at('2021-03-20T11:30:05Z'), unit: 'hour', binSize: 2 } },
    at('2021-03-20T10:00:00Z'),
  ],
];

describe('a date in a time zone', () => {
  for (const [name, expression, expected] of cases) {
    test(name, async () => {
      const found = await evaluated(expression);
      const plain = found instanceof Int32 || found instanceof Long ? found.valueOf() : found;
      expect(plain instanceof Long ? plain.toBigInt() : plain).toEqual(expected);
    });
  }

  test('that is unknown or not a string is refused', async () => {
    expect(
      Number((await failureOf(evaluated({ $hour: { date: at('2021-01-01'), timezone: 'Nowhere/City' } }))).code),
    ).toBe(40485);
    expect(Number((await failureOf(evaluated({ $hour: { date: at('2021-01-01'), timezone: 5 } }))).code)).toBe(40517);
  });
});

describe('$round and $trunc keep the type of the number', () => {
  const decimal = (text: string): Decimal128 => Decimal128.fromString(text);
  const rounded: [object, unknown][] = [
    [{ $round: [decimal('1.005'), 2] }, decimal('1.00')],
    [{ $round: [decimal('1.015'), 2] }, decimal('1.02')],
    [{ $round: decimal('-2.5') }, decimal('-2')],
    [{ $round: [decimal('1234567890123456789012345678.55'), 1] }, decimal('1234567890123456789012345678.6')],
    [{ $round: [decimal('1250'), -2] }, decimal('1.2E+3')],
    [{ $trunc: [decimal('-1.999'), 2] }, decimal('-1.99')],
    [{ $trunc: decimal('9007199254740993.7') }, decimal('9007199254740993')],
    [{ $round: [decimal('Infinity'), 2] }, decimal('Infinity')],
    [{ $round: [new Double(2.675), 2] }, new Double(2.67)],
    [{ $round: [new Double(2.5)] }, new Double(2)],
    [{ $round: [new Int32(1250), -2] }, new Int32(1200)],
    [{ $trunc: [new Int32(-1299), -2] }, new Int32(-1200)],
    [{ $round: [Long.fromString('9007199254740993'), -1] }, Long.fromString('9007199254740990')],
  ];
  for (const [expression, expected] of rounded) {
    test(JSON.stringify(expression), async () => {
      const found = await evaluated(expression);
      expect([found?.constructor.name, String(found)]).toEqual([expected?.constructor.name, String(expected)]);
    });
  }

  test('refuse places that are not an integer or out of range', async () => {
    expect(Number((await failureOf(evaluated({ $round: [1.5, 0.5] }))).code)).toBe(51082);
    expect(Number((await failureOf(evaluated({ $round: [1.5, 101] }))).code)).toBe(51083);
    expect(Number((await failureOf(evaluated({ $round: ['x', 1] }))).code)).toBe(51081);
  });
});
