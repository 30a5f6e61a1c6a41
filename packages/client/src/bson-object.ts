/** Encodes the value classes of the `bson` package, of any of its versions, by their `_bsontype` and their public fields. */
import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import {
  binaryBytes,
  documentBytes,
  doubleBytes,
  type Encode,
  type Encoded,
  int32Bytes,
  regexBytes,
  textBytes,
} from './bson-bytes.ts';

const none = new Uint8Array();

const encoders: Readonly<Record<string, (value: object, encode: Encode) => Encoded>> = {
  ObjectId: (value) => ({ type: bsonTypes.objectId, bytes: bytesField(value, 'id') }),
  Long: (value) => ({ type: bsonTypes.int64, bytes: twoWords(value) }),
  Timestamp: (value) => ({ type: bsonTypes.timestamp, bytes: twoWords(value) }),
  Int32: (value) => ({ type: bsonTypes.int32, bytes: int32Bytes(numberField(value, 'value')) }),
  Double: (value) => ({ type: bsonTypes.double, bytes: doubleBytes(numberField(value, 'value')) }),
  Decimal128: (value) => ({ type: bsonTypes.decimal128, bytes: bytesField(value, 'bytes') }),
  Binary: (value) => ({ type: bsonTypes.binary, bytes: binaryField(value) }),
  MinKey: () => ({ type: bsonTypes.minKey, bytes: none }),
  MaxKey: () => ({ type: bsonTypes.maxKey, bytes: none }),
  BSONSymbol: (value) => ({ type: bsonTypes.symbol, bytes: textBytes(textField(value, 'value')) }),
  BSONRegExp: (value) => ({
    type: bsonTypes.regex,
    bytes: regexBytes(textField(value, 'pattern'), [...textField(value, 'options')].sort().join('')),
  }),
  Code: encodeCode,
  DBRef: encodeReference,
};

/** Throws a TypeError for an unknown class or one whose fields are not as expected. */
export function bsonObject(value: object, encode: Encode): Encoded {
  const name = textField(value, '_bsontype');
  // Older versions of the package write it so.
  const encoder = encoders[name === 'ObjectID' ? 'ObjectId' : name];
  if (encoder === undefined) throw unsupported(name);
  return encoder(value, encode);
}

export function unsupported(what: string): TypeError {
  return new TypeError(`A value of type ${what} cannot be part of an _id.`);
}

function encodeCode(value: object, encode: Encode): Encoded {
  const code = textBytes(textField(value, 'code'));
  const scope: unknown = Reflect.get(value, 'scope');
  if (typeof scope !== 'object' || scope === null) return { type: bsonTypes.code, bytes: code };
  const body = Buffer.concat([code, documentBytes(Object.entries(scope), encode)]);
  return { type: bsonTypes.codeWithScope, bytes: Buffer.concat([int32Bytes(body.length + 4), body]) };
}

function encodeReference(value: object, encode: Encode): Encoded {
  const database: unknown = Reflect.get(value, 'db');
  const others: unknown = Reflect.get(value, 'fields');
  const fields = {
    $ref: textField(value, 'collection'),
    $id: Reflect.get(value, 'oid'),
    ...(database === undefined || database === null ? {} : { $db: database }),
    ...(typeof others === 'object' ? others : {}),
  };
  return { type: bsonTypes.object, bytes: documentBytes(Object.entries(fields), encode) };
}

function twoWords(value: object): Uint8Array {
  return Buffer.concat([int32Bytes(numberField(value, 'low')), int32Bytes(numberField(value, 'high'))]);
}

function binaryField(value: object): Uint8Array {
  const length = numberField(value, 'position');
  return binaryBytes(numberField(value, 'sub_type'), bytesField(value, 'buffer').subarray(0, length));
}

function bytesField(value: object, name: string): Uint8Array {
  const field: unknown = Reflect.get(value, name);
  if (field instanceof Uint8Array) return field;
  throw unsupported(textField(value, '_bsontype'));
}

function numberField(value: object, name: string): number {
  return Number(Reflect.get(value, name));
}

function textField(value: object, name: string): string {
  return String(Reflect.get(value, name));
}
