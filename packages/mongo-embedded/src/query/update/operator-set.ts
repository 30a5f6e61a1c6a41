import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { entriesOf } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';
import { type ApplyContext, applyModification, renameField } from './apply-operators.ts';
import type { ArrayFilters } from './array-filters.ts';
import { arrayModifiers } from './array-modifiers.ts';
import type { DocumentNode } from './document-node.ts';
import { fieldModifiers, shown } from './field-modifiers.ts';
import type { Modifier, ModifierUse } from './modifier.ts';
import { comparePaths, refuseConflicts, updatePath } from './update-paths.ts';

/** The operators of one update, in the order in which they apply. */
export interface OperatorSet {
  apply(root: DocumentNode, context: ApplyContext): void;
}

interface Given {
  readonly update: RawValue;
  readonly nowMs: number;
  readonly clusterTime: { readonly seconds: number; readonly increment: number };
}

type Planned =
  | {
      readonly kind: 'modify';
      readonly operator: string;
      readonly path: readonly string[];
      readonly modifier: Modifier;
    }
  | { readonly kind: 'rename'; readonly path: readonly string[]; readonly from: readonly string[] };

const modifiers: Readonly<Record<string, (use: ModifierUse) => Modifier>> = { ...fieldModifiers, ...arrayModifiers };

/** Compiles `{ $set: { … }, $inc: { … } }`: operands checked, paths sorted, conflicts refused. */
export function compileOperators(
  given: Given,
  mode: { readonly isInsert: boolean; readonly arrayFilters: ArrayFilters },
): OperatorSet {
  const planned = entriesOf(given.update).flatMap(([operator, fields]) =>
    planOperator(operator, fields, { given, isInsert: mode.isInsert }),
  );
  planned.sort((left, right) => comparePaths(left.path, right.path));
  const sources = planned.flatMap((plan) => (plan.kind === 'rename' ? [plan.from] : []));
  refuseConflicts([...planned.map((plan) => plan.path), ...sources].sort(comparePaths));
  refuseUnusedFilters(planned, mode.arrayFilters);
  return {
    apply: (root, context) => {
      for (const plan of planned) applyPlan(root, plan, context);
    },
  };
}

function applyPlan(root: DocumentNode, plan: Planned, context: ApplyContext): void {
  const modification = plan.kind === 'rename' ? renameField(root, plan.from, plan.path) : plan;
  if (modification !== null) applyModification(root, modification, context);
}

function planOperator(
  operator: string,
  fields: RawValue,
  { given, isInsert }: { readonly given: Given; readonly isInsert: boolean },
): Planned[] {
  if (!operator.startsWith('$') || !(operator in modifiers || operator === '$rename')) {
    throw new MongoFailure(
      'FailedToParse',
      `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (fields.type !== bsonTypes.object) {
    throw new MongoFailure(
      'FailedToParse',
      `Modifiers operate on fields but we found type ${typeNameOf(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${shown(fields)}}`,
    );
  }
  return entriesOf(fields).map(([path, operand]) => {
    if (operator === '$rename') return planRename(path, operand);
    const create = modifiers[operator];
    if (create === undefined) throw new MongoFailure('FailedToParse', `Unknown modifier: ${operator}`);
    const use = { path, operand, isInsert, nowMs: given.nowMs, clusterTime: given.clusterTime };
    return { kind: 'modify', operator, path: updatePath(path), modifier: create(use) };
  });
}

function planRename(path: string, operand: RawValue): Planned {
  if (operand.type !== bsonTypes.string) {
    throw new MongoFailure('BadValue', `The 'to' field for $rename must be a string: ${path}: ${shown(operand)}`);
  }
  const to = stringOf(operand);
  const [from, target] = [updatePath(path), updatePath(to)];
  if (path === to)
    throw new MongoFailure(
      'BadValue',
      `The source and target field for $rename must differ: ${path}: ${shown(operand)}`,
    );
  if (path.startsWith(`${to}.`) || to.startsWith(`${path}.`)) {
    throw new MongoFailure(
      'BadValue',
      `The source and target field for $rename must not be on the same path: ${path}: ${shown(operand)}`,
    );
  }
  for (const name of [...from, ...target]) {
    if (name.startsWith('$'))
      throw new MongoFailure('BadValue', `The source field for $rename may not be dynamic: ${name}`);
  }
  return { kind: 'rename', path: target, from };
}

function refuseUnusedFilters(planned: readonly Planned[], filters: ArrayFilters): void {
  const used = new Set(
    planned.flatMap((plan) => plan.path.filter((name) => name.startsWith('$[')).map((name) => name.slice(2, -1))),
  );
  for (const identifier of filters.keys()) {
    if (!used.has(identifier))
      throw new MongoFailure(
        'FailedToParse',
        `The array filter for identifier '${identifier}' was not used in the update`,
      );
  }
}
