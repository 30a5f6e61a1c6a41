import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { entriesOf, itemsOf } from '../query/raw-document.ts';

/** Paths whose values depend only on an entry's namespaces and kind. */
const namespacePaths: ReadonlySet<string> = new Set([
  'operationType',
  'ns',
  'ns.db',
  'ns.coll',
  'to',
  'to.db',
  'to.coll',
]);

/** Whether a filter reads only namespaces and operation types. */
export function isNamespaceFilter(filter: RawValue): boolean {
  return entriesOf(filter).every(([name, operand]) => {
    if (name === '$and' || name === '$or' || name === '$nor') {
      return (
        operand.type === bsonTypes.array &&
        itemsOf(operand).every((item) => item.type === bsonTypes.object && isNamespaceFilter(item))
      );
    }
    return namespacePaths.has(name);
  });
}

/** Maximum cached results; with more collections than this, the filter is evaluated again. */
const answersMax = 10_000;

/**
 * Filters an entry without building its event: the result depends only on namespace and operation type, so it is
 * computed once per pair and cached.
 */
export class NamespaceFilter {
  readonly #filter: CompiledFilter;
  readonly #answers = new Map<string, boolean>();

  constructor(filter: Uint8Array) {
    this.#filter = compileFilter(filter);
  }

  matches(entry: HistoryEntry): boolean {
    const to = entry.renameTo === null ? '' : `${entry.renameTo.database}.${entry.renameTo.collection}`;
    const key = `${entry.kind}\0${entry.database}\0${entry.collection ?? ''}\0${to}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#filter.matches(stubOf(entry));
    if (this.#answers.size >= answersMax) this.#answers.clear();
    this.#answers.set(key, answer);
    return answer;
  }
}

function stubOf(entry: HistoryEntry): Uint8Array {
  const writer = new BsonWriter().string('operationType', entry.kind);
  writer.beginDocument('ns').string('db', entry.database);
  if (entry.collection !== null) writer.string('coll', entry.collection);
  writer.end();
  if (entry.renameTo !== null)
    writer.beginDocument('to').string('db', entry.renameTo.database).string('coll', entry.renameTo.collection).end();
  return writer.finish();
}

/** Whether a filter reads images that the stream may have to look up. */
export function asksForImages(filter: Uint8Array): boolean {
  return mentions(documentValue(filter));
}

function mentions(value: RawValue): boolean {
  return entriesOf(value).some(([name, operand]) => {
    if (name === '$expr' || name === '$where' || name.startsWith('fullDocument')) return true;
    if (operand.type !== bsonTypes.array || !name.startsWith('$')) return false;
    return itemsOf(operand).some((item) => item.type === bsonTypes.object && mentions(item));
  });
}
