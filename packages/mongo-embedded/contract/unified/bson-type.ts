/** Names of BSON types as `$type` and `$$type` write them. */
const BY_BSON_TYPE: Readonly<Record<string, readonly string[]>> = {
  Double: ['double', 'number'],
  Int32: ['int', 'number'],
  Long: ['long', 'number'],
  Decimal128: ['decimal', 'number'],
  ObjectId: ['objectId'],
  Binary: ['binData'],
  UUID: ['binData'],
  Timestamp: ['timestamp'],
  BSONRegExp: ['regex'],
  BSONSymbol: ['symbol'],
  Code: ['javascript'],
  DBRef: ['object'],
  MinKey: ['minKey'],
  MaxKey: ['maxKey'],
};

const BY_JAVASCRIPT_TYPE: Readonly<Record<string, readonly string[]>> = {
  string: ['string'],
  boolean: ['bool'],
  bigint: ['long', 'number'],
};

/**
 * The type names that a driver value may have had in BSON. A JavaScript number has lost whether it was an int, a long
 * or a double, so it answers to each that could hold it. A missing value has none.
 */
export function typeNameOf(value: unknown): readonly string[] {
  if (typeof value === 'number') return typeNamesOfNumber(value);
  if (typeof value === 'object' && value !== null) return typeNamesOfObject(value);
  return value === null ? ['null'] : (BY_JAVASCRIPT_TYPE[typeof value] ?? []);
}

function typeNamesOfNumber(value: number): readonly string[] {
  if (!Number.isSafeInteger(value)) return ['double', 'number'];
  return value >= -0x80000000 && value <= 0x7fffffff
    ? ['int', 'long', 'double', 'number']
    : ['long', 'double', 'number'];
}

function typeNamesOfObject(value: object): readonly string[] {
  if (Array.isArray(value)) return ['array'];
  if (value instanceof Date) return ['date'];
  if (value instanceof RegExp) return ['regex'];
  if (value instanceof Uint8Array) return ['binData'];
  if (!('_bsontype' in value)) return ['object'];
  const isScoped = value['_bsontype'] === 'Code' && 'scope' in value && value.scope !== null;
  return isScoped ? ['javascriptWithScope'] : (BY_BSON_TYPE[String(value['_bsontype'])] ?? []);
}
