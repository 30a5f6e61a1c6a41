import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import type { ArrayFilters } from './array-filters.ts';
import type { DocumentNode } from './document-node.ts';
import { shown } from './field-modifiers.ts';
import type { Modifier, Outcome } from './modifier.ts';

/** One operator on one path of one document. */
export interface Modification {
  readonly operator: string;
  readonly path: readonly string[];
  readonly modifier: Modifier;
}

/** The inputs of an update other than the document. */
export interface ApplyContext {
  readonly documentLabel: string;
  readonly arrayFilters: ArrayFilters;
  /** The array position that the filter matched, for `$`; -1 if it matched none. */
  readonly position: number;
}

interface Walk {
  readonly modification: Modification;
  readonly context: ApplyContext;
}

/** Positions that an update may fill with null before the one that it sets. Source: `kMaxPaddingAllowed` in `src/mongo/db/update/path_support.cpp`. */
const paddingMax = 1_500_000;

/** Applies one operator to the document that is being updated. */
export function applyModification(root: DocumentNode, modification: Modification, context: ApplyContext): void {
  descend(root, { depth: 0, taken: [] }, { modification, context });
}

interface Spot {
  readonly depth: number;
  /** The names taken so far, with positions in place of `$` and its like. */
  readonly taken: readonly string[];
}

function descend(node: DocumentNode, spot: Spot, walk: Walk): void {
  for (const name of namesAt(node, spot, walk)) step(node, name, { spot, walk });
}

function namesAt(node: DocumentNode, spot: Spot, { modification, context }: Walk): string[] {
  const name = modification.path[spot.depth] ?? '';
  if (name === '$') return [matchedPosition(context)];
  return name.startsWith('$[') ? positionsAt(node, spot, { modification, context }) : [name];
}

/** The position for `$`. */
function matchedPosition({ position }: ApplyContext): string {
  if (position < 0)
    throw new MongoFailure('BadValue', 'The positional operator did not find the match needed from the query.');
  return String(position);
}

/** The positions for `$[]` and `$[identifier]`. */
function positionsAt(node: DocumentNode, spot: Spot, { modification, context }: Walk): string[] {
  if (!node.isArray) {
    throw new MongoFailure(
      'BadValue',
      `Cannot apply array updates to non-array element ${spot.taken.at(-1) ?? ''}: ${shown(node.toValue())}`,
    );
  }
  const positions = Array.from({ length: node.length }, (_, position) => String(position));
  const identifier = (modification.path[spot.depth] ?? '').slice(2, -1);
  if (identifier === '') return positions;
  const filter = context.arrayFilters.get(identifier);
  if (filter === undefined) {
    throw new MongoFailure(
      'BadValue',
      `No array filter found for identifier '${identifier}' in path '${modification.path.join('.')}'`,
    );
  }
  return positions.filter((position) => {
    const item = node.get(position);
    return item !== undefined && filter(item);
  });
}

interface Place {
  readonly spot: Spot;
  readonly walk: Walk;
}

function step(node: DocumentNode, name: string, { spot, walk }: Place): void {
  if (node.isArray && !isPositionIn(node, name, { spot, walk })) return;
  const { modifier, path } = walk.modification;
  const taken = [...spot.taken, name];
  if (spot.depth === path.length - 1) {
    put(
      node,
      name,
      modifier.apply(node.get(name), { path: taken.join('.'), documentLabel: walk.context.documentLabel }),
    );
    return;
  }
  const below = node.open(name);
  if (below === undefined) stepIntoNothing(node, name, { spot, walk });
  else descend(below, { depth: spot.depth + 1, taken }, walk);
}

/**
 * Whether the name is a position in the array. For an operator that creates its path any other name is an error, and so
 * is a position far beyond the end.
 */
function isPositionIn(array: DocumentNode, name: string, { spot, walk }: Place): boolean {
  const { createsPath } = walk.modification.modifier;
  const isPosition = /^(?:0|[1-9]\d*)$/.test(name);
  if (!createsPath) return isPosition;
  if (!isPosition) throw notViable(name, spot, array.toValue());
  if (Number(name) - array.length > paddingMax)
    throw new MongoFailure('BadValue', `can't backfill more than ${paddingMax} elements`);
  return true;
}

/** The path goes on, but the value under the name is missing or has no fields. */
function stepIntoNothing(node: DocumentNode, name: string, { spot, walk }: Place): void {
  const { modifier, path } = walk.modification;
  const taken = [...spot.taken, name];
  const current = node.get(name);
  refuseArrayStep(spot, current, { walk, taken });
  if (!modifier.createsPath) return;
  if (current !== undefined) throw notViable(path[spot.depth + 1] ?? '', { depth: spot.depth, taken }, current);
  create(node, name, { spot, walk });
}

function notViable(name: string, spot: Spot, value: RawValue): MongoFailure {
  return new MongoFailure(
    'PathNotViable',
    `Cannot create field '${name}' in element {${spot.taken.at(-1) ?? ''}: ${shown(value)}}`,
  );
}

function refuseArrayStep(
  spot: Spot,
  current: RawValue | undefined,
  at: { readonly walk: Walk; readonly taken: readonly string[] },
): void {
  const next = at.walk.modification.path[spot.depth + 1] ?? '';
  if (!next.startsWith('$[')) return;
  if (current === undefined) {
    throw new MongoFailure(
      'BadValue',
      `The path '${at.taken.join('.')}' must exist in the document in order to apply array updates.`,
    );
  }
  throw new MongoFailure(
    'BadValue',
    `Cannot apply array updates to non-array element ${at.taken.at(-1) ?? ''}: ${shown(current)}`,
  );
}

/** Creates the missing documents on a path, but only if the operator sets a value. */
function create(node: DocumentNode, name: string, { spot, walk }: Place): void {
  const { modifier, path } = walk.modification;
  const rest = path.slice(spot.depth + 1);
  const outcome = modifier.apply(undefined, {
    path: [...spot.taken, name, ...rest].join('.'),
    documentLabel: walk.context.documentLabel,
  });
  if (outcome.kind !== 'set') return;
  let value = outcome.value;
  for (const inner of rest.toReversed())
    value = documentValue(new BsonWriter().value(inner, value.type, value.span()).finish());
  node.set(name, value);
}

function put(node: DocumentNode, name: string, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'keep':
      return;
    case 'remove':
      node.remove(name);
      return;
    case 'set':
      node.set(name, outcome.value);
      return;
    case 'append': {
      const array = node.open(name);
      for (const item of outcome.items) array?.set(String(array.length), item);
      return;
    }
  }
}

/** The value at a path through documents only, and what holds it; for `$rename`, which enters no arrays. */
export function renameField(root: DocumentNode, from: readonly string[], to: readonly string[]): Modification | null {
  const holder = holderOf(root, from);
  const last = from.at(-1) ?? '';
  const value = holder?.get(last);
  if (holder === null || value === undefined) return null;
  refuseArraysOn(root, to);
  holder.remove(last);
  return { operator: '$rename', path: to, modifier: { createsPath: true, apply: () => ({ kind: 'set', value }) } };
}

function holderOf(root: DocumentNode, path: readonly string[]): DocumentNode | null {
  let node = root;
  for (const name of path.slice(0, -1)) {
    const next = node.open(name);
    if (next === undefined) return null;
    if (next.isArray)
      throw new MongoFailure(
        'BadValue',
        `The source field cannot be an array element, '${path.join('.')}' in doc has an array field called '${name}'`,
      );
    node = next;
  }
  return node;
}

function refuseArraysOn(root: DocumentNode, path: readonly string[]): void {
  let node: DocumentNode | undefined = root;
  for (const name of path.slice(0, -1)) {
    node = node?.open(name);
    if (node?.isArray === true) {
      throw new MongoFailure(
        'BadValue',
        `The destination field cannot be an array element, '${path.join('.')}' in doc has an array field called '${name}'`,
      );
    }
  }
}
