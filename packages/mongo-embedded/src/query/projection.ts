import { bsonTypes } from '@emcachers/bson/bson-types';
import type { ElementWalk } from '@emcachers/bson/element-walk';
import { documentValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compileExpression } from './expression/compile-expression.ts';
import { arrayOf, type Expression, scopeWith } from './expression/expression.ts';
import { operators } from './expression/operators.ts';
import { type CompiledFilter, compileFilter } from './filter.ts';
import { integerIn, isNumberType } from './numeric.ts';
import { entriesOf, itemsOf, walkOf } from './raw-document.ts';
import { refusedExpressions } from './refused-operators.ts';
import { isTruthy } from './truth.ts';
import { emptyVariables, type Variables } from './variables.ts';

/** A projection, ready to run on raw documents. */
export interface CompiledProjection {
  /** `position` is the array position that the filter matched, for `"a.$": 1`. */
  apply(document: Uint8Array, position?: number): Uint8Array;
  readonly needsPosition: boolean;
}

/** The action at one field. */
type Rule =
  | { readonly kind: 'include' | 'exclude' | 'positional' }
  | { readonly kind: 'compute'; readonly expression: Expression }
  | { readonly kind: 'slice'; readonly skip: number | null; readonly limit: number }
  | { readonly kind: 'elemMatch'; readonly filter: CompiledFilter; readonly field: string }
  | { readonly kind: 'nested'; readonly fields: Tree };

type Tree = Map<string, Rule>;

interface Plan {
  readonly mode: 'include' | 'exclude';
  readonly fields: Tree;
  readonly isIdKept: boolean;
}

interface Run {
  readonly root: RawValue;
  readonly variables: Variables;
  readonly position: number;
}

/**
 * Compiles a projection of `find`, or of `$project` (`isFind` false: no `$slice` with bounds, `$elemMatch` and `$`
 * forms of find). Inclusion and exclusion cannot be mixed, except for `_id` (31253, 31254). Untouched elements keep their bytes and order.
 */
export function compileProjection(
  spec: Uint8Array,
  options: { readonly isFind?: boolean; readonly variables?: Variables } = {},
): CompiledProjection {
  const variables = options.variables ?? emptyVariables;
  const plan = parse(documentValue(spec), { isFind: options.isFind ?? true, variables });
  const needsPosition = [...plan.fields.values()].some(isPositional);
  return {
    needsPosition,
    apply: (document, position = -1) => {
      const root = documentValue(document);
      return project(root, plan, { root, variables, position });
    },
  };
}

function isPositional(rule: Rule): boolean {
  return rule.kind === 'positional' || (rule.kind === 'nested' && [...rule.fields.values()].some(isPositional));
}

interface ParseContext {
  readonly isFind: boolean;
  readonly variables: Variables;
}

function parse(spec: RawValue, context: ParseContext): Plan {
  const fields: Tree = new Map();
  const state: ParseState = { mode: null, isIdKept: null, context, fields };
  parseFields(spec, [], state);
  const mode = state.mode ?? (state.isIdKept === true ? 'include' : 'exclude');
  const isIdKept = state.isIdKept ?? true;
  return { mode, fields, isIdKept };
}

interface ParseState {
  mode: 'include' | 'exclude' | null;
  isIdKept: boolean | null;
  readonly context: ParseContext;
  readonly fields: Tree;
}

function parseFields(spec: RawValue, prefix: readonly string[], state: ParseState): void {
  const entries = entriesOf(spec);
  if (entries.length === 0 && prefix.length > 0)
    throw new MongoFailure(51270, `An empty sub-projection is not a valid value. Found empty object at path`);
  for (const [name, value] of entries) {
    if (name === '') throw new MongoFailure(40352, 'FieldPath cannot be constructed with empty string');
    parseField([...prefix, ...name.split('.')], value, state);
  }
}

function parseField(path: string[], value: RawValue, state: ParseState): void {
  if (path.includes('')) throw new MongoFailure(15998, 'FieldPath field names may not be empty strings.');
  if (path.at(-1) === '$' && state.context.isFind) {
    use(state, 'include', path.join('.'));
    place(state.fields, path.slice(0, -1), { kind: 'positional' });
    return;
  }
  if (path.some((part) => part.startsWith('$')))
    throw new MongoFailure(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
    );
  parseValue(path, value, state);
}

/** A flag, a projection of the fields below, an operator of find, or an expression. */
function parseValue(path: string[], value: RawValue, state: ParseState): void {
  if (isNumberType(value.type) || value.type === bsonTypes.boolean) {
    parseFlag(path, isTruthy(value), state);
    return;
  }
  const operator = value.type === bsonTypes.object ? entriesOf(value)[0] : undefined;
  if (value.type === bsonTypes.object && operator?.[0].startsWith('$') !== true) {
    parseFields(value, path, state);
    return;
  }
  if (operator !== undefined && state.context.isFind && parseFindOperator(path, operator, state)) return;
  use(state, 'include', path.join('.'));
  place(state.fields, path, { kind: 'compute', expression: compileComputed(value, state.context.variables) });
}

/** A projection reports an unknown top-level operator with its own code. */
function compileComputed(value: RawValue, variables: Variables): Expression {
  const [entry] = value.type === bsonTypes.object ? entriesOf(value) : [];
  const name = entry?.[0] ?? '';
  if (name.startsWith('$') && operators[name] === undefined && !refusedExpressions.has(name)) {
    throw new MongoFailure(31325, `Invalid $project :: caused by :: Unknown expression ${name}`);
  }
  return compileExpression(value, scopeWith(variables.names));
}

function parseFlag(path: string[], isIncluded: boolean, state: ParseState): void {
  const name = path.join('.');
  if (name === '_id') {
    state.isIdKept = isIncluded;
    return;
  }
  use(state, isIncluded ? 'include' : 'exclude', name);
  place(state.fields, path, { kind: isIncluded ? 'include' : 'exclude' });
}

function use(state: ParseState, mode: 'include' | 'exclude', name: string): void {
  if (state.mode !== null && state.mode !== mode) {
    throw mode === 'include'
      ? new MongoFailure(31253, `Cannot do inclusion on field ${name} in exclusion projection`)
      : new MongoFailure(31254, `Cannot do exclusion on field ${name} in inclusion projection`);
  }
  state.mode = mode;
}

/** `$slice` and `$elemMatch` as find reads them; `$slice` alone selects neither inclusion nor exclusion. */
function parseFindOperator(
  path: string[],
  [operator, operand]: readonly [string, RawValue],
  state: ParseState,
): boolean {
  if (operator === '$slice' && (isNumberType(operand.type) || isNumberPair(operand))) {
    place(state.fields, path, sliceRule(operand));
    return true;
  }
  if (operator !== '$elemMatch') return false;
  parseElemMatch(path, operand, state);
  return true;
}

/** A limit, or a pair of skip and limit. */
function sliceRule(operand: RawValue): Rule {
  if (operand.type !== bsonTypes.array) return { kind: 'slice', skip: null, limit: integer(operand) };
  const [skip = 0, limit = 0] = itemsOf(operand).map(integer);
  if (limit <= 0) throw new MongoFailure(28724, `First argument to $slice must be an array, but is of type: int`);
  return { kind: 'slice', skip, limit };
}

function parseElemMatch(path: string[], operand: RawValue, state: ParseState): void {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(31274, `elemMatch: Invalid argument, object required, but got ${operand.type}`);
  if (path.length > 1) throw new MongoFailure(31275, 'Cannot use $elemMatch projection on a nested field');
  use(state, 'include', path.join('.'));
  const field = path[0] ?? '';
  const filter = compileFilter(
    new BsonWriter().beginDocument(field).value('$elemMatch', operand.type, operand.span()).finish(),
  );
  place(state.fields, path, { kind: 'elemMatch', filter, field });
}

function isNumberPair(operand: RawValue): boolean {
  if (operand.type !== bsonTypes.array) return false;
  const items = itemsOf(operand);
  return items.length === 2 && items.every((item) => isNumberType(item.type));
}

function integer(value: RawValue): number {
  return Number(integerIn(value) ?? 0n);
}

function place(tree: Tree, path: readonly string[], rule: Rule): void {
  const [name = '', ...rest] = path;
  const existing = tree.get(name);
  if (rest.length === 0) {
    if (existing?.kind === 'nested') throw new MongoFailure(31250, `Path collision at ${path.join('.')}`);
    tree.set(name, rule);
    return;
  }
  if (existing !== undefined && existing.kind !== 'nested')
    throw new MongoFailure(31249, `Path collision at ${path.join('.')} remaining portion ${rest.join('.')}`);
  const fields: Tree = existing?.kind === 'nested' ? existing.fields : new Map();
  tree.set(name, { kind: 'nested', fields });
  place(fields, rest, rule);
}

function project(root: RawValue, plan: Plan, run: Run): Uint8Array {
  const writer = new BsonWriter(Math.min(root.end - root.start + 32, 65_536));
  const fields = new Map(plan.fields);
  if (!fields.has('_id')) fields.set('_id', { kind: plan.isIdKept ? 'include' : 'exclude' });
  writeFields(writer, root, { mode: plan.mode, fields, run });
  return writer.finish();
}

interface Level {
  readonly mode: 'include' | 'exclude';
  readonly fields: Tree;
  readonly run: Run;
}

function writeFields(writer: BsonWriter, document: RawValue, level: Level): void {
  const walker = walkOf(document);
  const seen = new Set<string>();
  while (walker.next()) {
    const name = walker.name;
    const rule = level.fields.get(name);
    if (rule !== undefined) {
      seen.add(name);
      writeElement(writer, walker, { rule, level });
    } else if (level.mode === 'exclude') writer.splice(walker.element);
  }
  for (const [name, rule] of level.fields) if (!seen.has(name)) writeMissing(writer, name, { rule, level });
}

function writeElement(
  writer: BsonWriter,
  walker: ElementWalk,
  { rule, level }: { readonly rule: Rule; readonly level: Level },
): void {
  switch (rule.kind) {
    case 'include':
      writer.splice(walker.element);
      return;
    case 'exclude':
      return;
    case 'compute':
      writeComputed(writer, walker.name, { rule, level });
      return;
    case 'slice':
      writeValue(writer, walker.name, sliced(walker.value, rule));
      return;
    case 'positional':
      writeValue(writer, walker.name, positional(walker.value, level.run.position));
      return;
    case 'elemMatch':
      writeValue(writer, walker.name, firstMatch(walker.value, rule, level.run));
      return;
    case 'nested':
      writeValue(writer, walker.name, nestedValue(walker.value, { ...level, fields: rule.fields }));
  }
}

function writeValue(writer: BsonWriter, name: string, value: RawValue | undefined): void {
  if (value !== undefined) writer.value(name, value.type, value.span());
}

function writeComputed(
  writer: BsonWriter,
  name: string,
  { rule, level }: { readonly rule: Rule & { kind: 'compute' }; readonly level: Level },
): void {
  const { root, variables } = level.run;
  writeValue(writer, name, rule.expression({ root, bindings: variables.bindings }));
}

/** Appends a computed field that the document lacks, creating the documents on its path. */
function writeMissing(
  writer: BsonWriter,
  name: string,
  { rule, level }: { readonly rule: Rule; readonly level: Level },
): void {
  if (rule.kind === 'compute') writeComputed(writer, name, { rule, level });
  if (rule.kind !== 'nested' || !hasComputed(rule.fields)) return;
  writer.beginDocument(name);
  for (const [inner, innerRule] of rule.fields) writeMissing(writer, inner, { rule: innerRule, level });
  writer.end();
}

function hasComputed(fields: Tree): boolean {
  return [...fields.values()].some(
    (rule) => rule.kind === 'compute' || (rule.kind === 'nested' && hasComputed(rule.fields)),
  );
}

/** Descends into documents, and into arrays item by item; inclusion drops other items. */
function nestedValue(value: RawValue, level: Level): RawValue | undefined {
  if (value.type === bsonTypes.object) {
    const writer = new BsonWriter();
    writeFields(writer, value, level);
    return documentValue(writer.finish());
  }
  if (value.type === bsonTypes.array) {
    return arrayOf(
      itemsOf(value).flatMap((item) => {
        const inner = nestedValue(item, level);
        return inner === undefined ? [] : [inner];
      }),
    );
  }
  if (level.mode === 'exclude') return value;
  if (!hasComputed(level.fields)) return undefined;
  return nestedValue(documentValue(new BsonWriter().finish()), level);
}

function sliced(value: RawValue, { skip, limit }: { readonly skip: number | null; readonly limit: number }): RawValue {
  if (value.type !== bsonTypes.array) return value;
  const items = itemsOf(value);
  if (skip === null) return arrayOf(limit >= 0 ? items.slice(0, limit) : items.slice(limit));
  const start = skip >= 0 ? skip : Math.max(0, items.length + skip);
  return arrayOf(items.slice(start, start + limit));
}

function positional(value: RawValue, position: number): RawValue {
  if (value.type !== bsonTypes.array) return value;
  const item = itemsOf(value)[position];
  if (item === undefined)
    throw new MongoFailure(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    );
  return arrayOf([item]);
}

function firstMatch(value: RawValue, rule: Rule & { kind: 'elemMatch' }, run: Run): RawValue | undefined {
  if (value.type !== bsonTypes.array) return undefined;
  const trace = rule.filter.trace(run.root.span());
  const item = trace === null ? undefined : itemsOf(value)[trace.position];
  return item === undefined ? undefined : arrayOf([item]);
}

/** The dotted paths that a `$unset` stage removes, as an exclusion. */
export function exclusionOf(operand: RawValue): Uint8Array {
  const paths = operand.type === bsonTypes.array ? itemsOf(operand) : [operand];
  if (paths.length === 0)
    throw new MongoFailure(31119, '$unset specification must be a string or an array with at least one field');
  const writer = new BsonWriter();
  for (const path of paths) {
    if (path.type !== bsonTypes.string)
      throw new MongoFailure(31120, '$unset specification must be a string or an array containing only string values');
    writer.boolean(stringOf(path), false);
  }
  return writer.finish();
}
