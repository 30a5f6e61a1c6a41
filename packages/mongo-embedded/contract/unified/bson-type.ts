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

/**
 * The type names that a driver value may have had in BSON. A JavaScript number has lost whether it was an int, a long
 * or a double, so it answers to each that could hold it.
 */
export function typeNameOf(value: unknown): readonly string[] {
  if (value === undefined) return ['undefined'];
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'string') return ['string'];
  if (typeof value === 'boolean') return ['bool'];
  if (typeof value === 'bigint') return ['long', 'number'];
  if (typeof value === 'number') {
    return Number.isInteger(value) ? ['int', 'long', 'double', 'number'] : ['double', 'number'];
  }
  if (value instanceof Date) return ['date'];
  if (value instanceof RegExp) return ['regex'];
  if (value instanceof Uint8Array) return ['binData'];
  if (typeof value === 'object' && '_bsontype' in value) {
    const name = BY_BSON_TYPE[String(value['_bsontype'])];
    return name === undefined ? [] : [name, ...(['int', 'long', 'double', 'decimal'].includes(name) ? ['number'] : [])];
  }
  return typeof value === 'object' ? ['object'] : [];
}
