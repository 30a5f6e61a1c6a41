import { BsonWriter } from '../bson/bson-writer.ts';
import { decodeValue } from '../bson/command-body.ts';
import { formatValue } from '../bson/format-value.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { asBuffer } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { idOf, valueAtPath } from '../query/raw-document.ts';
import { documentValue, type RawValue } from '../query/raw-value.ts';
import type { Collection } from './catalog.ts';
import type { IndexTable } from './index-table.ts';

function element(value: RawValue | undefined): RawElement {
  return value === undefined
    ? { type: 0x0a, bytes: Buffer.alloc(0) }
    : { type: value.type, bytes: asBuffer(value.span()) };
}

/** DuplicateKey 11000 as mongod words it, with the key pattern and the values that collide. `index` null is `_id_`. */
export function duplicateKey(collection: Collection, index: IndexTable | null, document: Uint8Array): MongoFailure {
  const values: [string, RawElement][] =
    index === null
      ? [['_id', element(idOf(document))]]
      : index.paths.map(({ path, names }) => [path, element(valueAtPath(documentValue(document), names))]);
  const shown = values.map(([path, value]) => `${path}: ${formatValue(value)}`).join(', ');
  const namespace = `${collection.database}.${collection.name}`;
  const message = `E11000 duplicate key error collection: ${namespace} index: ${index?.name ?? '_id_'} dup key: { ${shown} }`;
  const keyPattern = index === null ? { _id: 1 } : decodeValue({ type: 0x03, bytes: index.keyPattern });
  const keyValue = new BsonWriter();
  for (const [path, value] of values) keyValue.value(path, value.type, value.bytes);
  return new MongoFailure('DuplicateKey', message, {
    keyPattern,
    keyValue: decodeValue({ type: 0x03, bytes: keyValue.finish() }),
  });
}
