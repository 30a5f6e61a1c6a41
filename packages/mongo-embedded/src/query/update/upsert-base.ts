import { documentValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import type { Equality } from '../filter.ts';
import { DocumentNode } from './document-node.ts';

/**
 * The document that a filter's equalities describe, the starting point of an upsert. Code 54 if they set a field
 * twice.
 */
export function upsertBase(equalities: readonly Equality[]): Uint8Array {
  const root = new DocumentNode(documentValue(new BsonWriter().finish()));
  const ordered = [...equalities].sort((left, right) => Number(right.path === '_id') - Number(left.path === '_id'));
  const seen = new Set<string>();
  for (const { path, value } of ordered) {
    const names = path.split('.');
    const prefixes = names.map((_, depth) => names.slice(0, depth + 1).join('.'));
    if (prefixes.some((prefix) => seen.has(prefix))) {
      throw new MongoFailure(
        'NotSingleValueField',
        `cannot infer query fields to set, path '${path}' is matched twice`,
      );
    }
    seen.add(path);
    place(root, names, { path, value });
  }
  return root.toBytes();
}

function place(root: DocumentNode, names: readonly string[], { path, value }: Equality): void {
  let node = root;
  for (const [depth, name] of names.slice(0, -1).entries()) {
    const below = node.open(name);
    if (below === undefined) {
      let inner = value;
      for (const outer of names.slice(depth + 1).toReversed()) {
        inner = documentValue(new BsonWriter().value(outer, inner.type, inner.span()).finish());
      }
      node.set(name, inner);
      return;
    }
    node = below;
  }
  const last = names.at(-1) ?? path;
  if (node.has(last))
    throw new MongoFailure('NotSingleValueField', `cannot infer query fields to set, path '${path}' is matched twice`);
  node.set(last, value);
}
