import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { DocumentNode } from '../update/document-node.ts';

/** The document with the value at the path, making the documents on the way. */
export function withField(document: Uint8Array, path: readonly string[], value: RawValue): Uint8Array {
  const root = new DocumentNode(documentValue(document));
  let node = root;
  for (const name of path.slice(0, -1)) {
    if (node.open(name) === undefined) node.set(name, documentValue(new BsonWriter().finish()));
    node = node.open(name) ?? node;
  }
  node.set(path.at(-1) ?? '', value);
  return root.toBytes();
}
