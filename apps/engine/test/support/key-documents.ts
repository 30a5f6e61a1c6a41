/** Test documents: one with every BSON type, and `_id`s of every type in MongoDB's order. */
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';

export function everyType(): Map<string, unknown> {
  return new Map<string, unknown>([
    ['double', new Double(-0)],
    ['string', 'text with \0 and ü'],
    [
      'document',
      new Map<string, unknown>([
        ['2', 1],
        ['1', 2],
      ]),
    ],
    ['array', [new Int32(1), 'two', null]],
    ['binary', new Binary(Buffer.from([0xff, 0x00]), 0x80)],
    ['uuid', new UUID('3b241101-e2bb-4255-8caf-4136c566a962')],
    ['objectId', new ObjectId('507f1f77bcf86cd799439011')],
    ['true', true],
    ['date', new Date(-1)],
    ['null', null],
    ['regex', new BSONRegExp('(?i)a++', 'x')],
    ['code', new Code('return 1')],
    ['scoped', new Code('return a', { a: 1 })],
    ['symbol', new BSONSymbol('s')],
    ['int', new Int32(7)],
    ['timestamp', new Timestamp({ t: 4, i: 2 })],
    ['long', Long.fromBigInt(2n ** 63n - 1n)],
    ['decimal', Decimal128.fromString('1.00')],
    ['min', new MinKey()],
    ['max', new MaxKey()],
    ['', 'a name without letters'],
    ['__proto__', 'a name that objects lose'],
  ]);
}

/** `_id`s of every type in MongoDB's comparison order; see "BSON types: comparison/sort order" in its manual. */
export function orderedKeys(): unknown[] {
  return [
    null,
    new Double(Number.NaN),
    new Double(Number.NEGATIVE_INFINITY),
    Long.fromBigInt(-(2n ** 63n)),
    new Double(-0),
    new Int32(1),
    Decimal128.fromString('1.5'),
    Long.fromBigInt(2n ** 53n),
    Long.fromBigInt(2n ** 53n + 1n),
    new Double(Number.POSITIVE_INFINITY),
    '',
    '507f1f77bcf86cd799439011',
    'a\0b',
    'a\0c',
    'z',
    new Map([
      ['1', 1],
      ['2', 1],
    ]),
    new Map([
      ['2', 1],
      ['1', 1],
    ]),
    new Map([['a', new Int32(1)]]),
    new Binary(Buffer.from([0xfe]), 0),
    new Binary(Buffer.from([0xff]), 0),
    new UUID('3b241101-e2bb-4255-8caf-4136c566a962'),
    new ObjectId('507f1f77bcf86cd799439011'),
    false,
    true,
    new Date(-1),
    new Date(0),
    new Timestamp({ t: 1, i: 1 }),
  ];
}
