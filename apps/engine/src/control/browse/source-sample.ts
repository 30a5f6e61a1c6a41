import type { SampleView } from '@emcachers/core/api-views';
import { formatPath, parsePath } from '@emcachers/core/document/path';
import { type ColumnType, columnTypes } from '@emcachers/core/shape';
import { Binary, deserialize } from 'bson';

/**
 * Lists the paths in a sample of documents with their types, as suggestions for the form. Skips documents that cannot
 * be decoded. The projection does not use this code; it has its own lossless reader. Fields at, above or below a masked path have
 * no example: what an entity must not copy is not shown beside its form either.
 */
export function describeSample(documents: readonly Uint8Array[], maskedPaths: readonly string[] = []): SampleView {
  const masked = maskedPaths.map((path) => parsePath(path));
  const found = new Map<string, PathFacts>();
  let sampled = 0;
  for (const raw of documents) {
    const document = decode(raw);
    if (document === null) continue;
    sampled += 1;
    collect(document, [], found);
  }
  const paths = [...found.entries()]
    .map(([path, facts]) => hidden(pathView(path, facts, sampled), masked))
    .toSorted((left, right) => right.presence - left.presence);
  return { sampled, paths: paths.slice(0, pathsMax) };
}

interface PathFacts {
  documents: number;
  readonly types: Map<string, number>;
  example: string | null;
}

type SamplePath = SampleView['paths'][number];

const pathsMax = 300;
const depthMax = 5;
const exampleCharsMax = 80;

function hidden(view: SamplePath, masked: readonly (readonly string[])[]): SamplePath {
  const segments = parsePath(view.path);
  const isMasked = masked.some((mask) => {
    const shared = Math.min(mask.length, segments.length);
    return mask.slice(0, shared).every((segment, index) => segment === segments[index]);
  });
  return isMasked ? { ...view, example: null } : view;
}

function decode(raw: Uint8Array): Record<string, unknown> | null {
  try {
    return deserialize(raw, { promoteValues: false, bsonRegExp: true, validation: { utf8: false } });
  } catch {
    return null;
  }
}

function collect(document: Record<string, unknown>, parents: readonly string[], found: Map<string, PathFacts>): void {
  for (const [name, value] of Object.entries(document)) {
    if (name === '') continue;
    const segments = [...parents, name];
    const facts = factsAt(formatPath(segments), found);
    if (facts === null) continue;
    const type = typeOf(value);
    addValue(facts, value, type);
    if (type === 'object' && segments.length < depthMax && isPlain(value)) collect(value, segments, found);
  }
}

/** The facts of a path, new if the path is. Null if there are already too many paths to add one. */
function factsAt(path: string, found: Map<string, PathFacts>): PathFacts | null {
  const known = found.get(path);
  if (known !== undefined) return known;
  if (found.size >= 4 * pathsMax) return null;
  const facts: PathFacts = { documents: 0, types: new Map(), example: null };
  found.set(path, facts);
  return facts;
}

function addValue(facts: PathFacts, value: unknown, type: string): void {
  facts.documents += 1;
  facts.types.set(type, (facts.types.get(type) ?? 0) + 1);
  facts.example ??= exampleOf(value, type);
}

function pathView(path: string, facts: PathFacts, sampled: number): SamplePath {
  const total = [...facts.types.values()].reduce((sum, count) => sum + count, 0);
  const types = [...facts.types.entries()]
    .map(([type, count]) => ({ type, share: count / total }))
    .toSorted((left, right) => right.share - left.share);
  const suggestedType = suggestType(types.map(({ type }) => type));
  return { path, presence: facts.documents / sampled, types, suggestedType, example: facts.example };
}

/** The BSON types that each column type is suggested for. Decimals are suggested as Text because a double rounds them. */
const suggestedFor: Readonly<Record<ColumnType, readonly string[]>> = {
  JSONB: ['object', 'array'],
  Any: [],
  Bool: ['bool'],
  Number: ['double'],
  Integer: ['int', 'long'],
  Text: ['string', 'objectId', 'date', 'uuid', 'decimal'],
};

const columnTypeOf: ReadonlyMap<string, ColumnType> = new Map(
  columnTypes.flatMap((type) => suggestedFor[type].map((bsonType) => [bsonType, type] as const)),
);

/** The narrowest column type that holds all these BSON types. Every column type holds null. */
export function suggestType(types: readonly string[]): ColumnType {
  const wanted = new Set(types.filter((type) => type !== 'null').map((type) => columnTypeOf.get(type) ?? 'Any'));
  const [only] = wanted;
  if (only === undefined) return 'Any';
  if (wanted.size === 1) return only;
  return [...wanted].every((type) => type === 'Integer' || type === 'Number') ? 'Number' : 'Any';
}

const typeNames: Readonly<Record<string, string>> = {
  Int32: 'int',
  Long: 'long',
  Double: 'double',
  Decimal128: 'decimal',
  ObjectId: 'objectId',
  BSONRegExp: 'regex',
  Timestamp: 'timestamp',
  Code: 'javascript',
  BSONSymbol: 'symbol',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  DBRef: 'object',
};

const primitiveTypes: Readonly<Partial<Record<string, string>>> = {
  undefined: 'null',
  boolean: 'bool',
  string: 'string',
  bigint: 'long',
};

/** MongoDB's type names, as `$type` returns them. */
function typeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  return primitiveTypes[typeof value] ?? objectTypeOf(value);
}

function objectTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (value instanceof Binary) return value.sub_type === Binary.SUBTYPE_UUID ? 'uuid' : 'binData';
  const tag = bsonTagOf(value);
  return tag === null ? 'object' : (typeNames[tag] ?? 'object');
}

/** The class name that the BSON library gives its values. Null for a document, even if it has a field of that name. */
function bsonTagOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) === Object.prototype) return null;
  return '_bsontype' in value && typeof value._bsontype === 'string' ? value._bsontype : null;
}

function exampleOf(value: unknown, type: string): string | null {
  if (type === 'null' || type === 'object' || type === 'array') return null;
  const text = value instanceof Date ? dateText(value) : String(value);
  return text.length > exampleCharsMax ? `${text.slice(0, exampleCharsMax - 1)}…` : text;
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'a date outside JavaScript’s range' : date.toISOString();
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
