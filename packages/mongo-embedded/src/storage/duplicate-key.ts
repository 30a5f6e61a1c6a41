import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { BsonWriter } from '../bson/bson-writer.ts';
import { formatValue } from '../bson/format-value.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { idOf, valueAtPath } from '../query/raw-document.ts';
import type { Collection } from './catalog.ts';
import type { IndexTable } from './index-table.ts';

function element(value: RawValue | undefined): RawElement {
  return value === undefined
    ? { type: bsonTypes.null, bytes: Buffer.alloc(0) }
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
  const details = new BsonWriter();
  if (index === null) details.beginDocument('keyPattern').int32('_id', 1).end();
  else details.document('keyPattern', index.keyPattern);
  details.beginDocument('keyValue');
  for (const [path, value] of values) details.value(path, value.type, value.bytes);
  return new MongoFailure('DuplicateKey', message, details.finish());
}
