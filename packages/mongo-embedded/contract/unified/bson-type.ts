/** Names of BSON types as `$type` and `$$type` write them. */
const BY_BSON_TYPE: Readonly<Record<string, string>> = {
  Double: 'double',
  Int32: 'int',
  Long: 'long',
  Decimal128: 'decimal',
  ObjectId: 'objectId',
  Binary: 'binData',
  UUID: 'binData',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  BSONSymbol: 'symbol',
  Code: 'javascript',
  DBRef: 'object',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

const NUMBERS: readonly string[] = ['int', 'long', 'double', 'decimal'];

const BY_JAVASCRIPT_TYPE: Readonly<Record<string, readonly string[]>> = {
  undefined: ['undefined'],
  string: ['string'],
  boolean: ['bool'],
  bigint: ['long', 'number'],
};

/**
 * The type names that a driver value may have had in BSON. A JavaScript number has lost whether it was an int, a long
 * or a double, so it answers to each that could hold it.
 */
export function typeNameOf(value: unknown): readonly string[] {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? ['int', 'long', 'double', 'number'] : ['double', 'number'];
  }
  if (typeof value === 'object' && value !== null) return typeNameOfObject(value);
  return value === null ? ['null'] : (BY_JAVASCRIPT_TYPE[typeof value] ?? []);
}

function typeNameOfObject(value: object): readonly string[] {
  if (Array.isArray(value)) return ['array'];
  if (value instanceof Date) return ['date'];
  if (value instanceof RegExp) return ['regex'];
  if (value instanceof Uint8Array) return ['binData'];
  if (!('_bsontype' in value)) return ['object'];
  const name = BY_BSON_TYPE[String(value['_bsontype'])];
  if (name === undefined) return [];
  return NUMBERS.includes(name) ? [name, 'number'] : [name];
}
