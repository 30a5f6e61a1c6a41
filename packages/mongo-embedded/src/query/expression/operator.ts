import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { entriesOf, itemsOf } from '../raw-document.ts';
import type { CompileScope, Expression } from './expression.ts';

/** One use of an operator, as passed to its compiler. */
export interface OperatorUse {
  readonly name: string;
  readonly operand: RawValue;
  readonly scope: CompileScope;
  readonly compile: (spec: RawValue, scope?: CompileScope) => Expression;
}

export type OperatorCompiler = (use: OperatorUse) => Expression;

/** Operators by their name with the `$`. */
export type OperatorTable = Readonly<Record<string, OperatorCompiler>>;

/** The operand's expressions: those of an array, or the single one. */
export function operandsOf({ operand, compile }: OperatorUse): Expression[] {
  const specs = operand.type === bsonTypes.array ? itemsOf(operand) : [operand];
  return specs.map((spec) => compile(spec));
}

export type Argument = RawValue | undefined;

/** An operator with a fixed number of arguments, or a range of them. */
export function withArguments(
  count: number | readonly [number, number],
  apply: (values: readonly Argument[], name: string) => Argument,
): OperatorCompiler {
  const [least, most] = typeof count === 'number' ? [count, count] : count;
  return (use) => {
    const operands = operandsOf(use);
    if (operands.length < least || operands.length > most) throw wrongCount(use.name, operands.length, [least, most]);
    return (environment) =>
      apply(
        operands.map((operand) => operand(environment)),
        use.name,
      );
  };
}

function wrongCount(name: string, given: number, [least, most]: readonly [number, number]): MongoFailure {
  if (least === most)
    return new MongoFailure(16020, `Expression ${name} takes exactly ${least} arguments. ${given} were passed in.`);
  return new MongoFailure(
    28667,
    `Expression ${name} takes at least ${least} arguments, and at most ${most}, but ${given} were passed in.`,
  );
}

/** An operator with any number of arguments. */
export function withAny(apply: (values: readonly Argument[], name: string) => Argument): OperatorCompiler {
  return (use) => {
    const operands = operandsOf(use);
    return (environment) =>
      apply(
        operands.map((operand) => operand(environment)),
        use.name,
      );
  };
}

/** An operator whose operand is a document of named arguments, each an expression. Unknown and missing names are refused with the given code. */
export function withNamed(
  spec: { readonly required: readonly string[]; readonly optional: readonly string[]; readonly code: number },
  apply: (values: Readonly<Record<string, Argument>>, name: string) => Argument,
): OperatorCompiler {
  return (use) => {
    const compiled = [...namedOperands(use, spec)].map(([name, operand]) => [name, use.compile(operand)] as const);
    return (environment) =>
      apply(Object.fromEntries(compiled.map(([name, operand]) => [name, operand(environment)])), use.name);
  };
}

/** The named operands, checked but not compiled. */
export function namedOperands(
  { name, operand }: OperatorUse,
  spec: { readonly required: readonly string[]; readonly optional: readonly string[]; readonly code: number },
): Map<string, RawValue> {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(spec.code, `${name} only supports an object as its argument`);
  const named = new Map(entriesOf(operand));
  for (const key of named.keys()) {
    if (!spec.required.includes(key) && !spec.optional.includes(key))
      throw new MongoFailure(spec.code, `${name} found an unknown argument: ${key}`);
  }
  for (const key of spec.required) {
    if (!named.has(key)) throw new MongoFailure(spec.code, `Missing '${key}' parameter to ${name}`);
  }
  return named;
}

export function isNullish(value: Argument): boolean {
  return value === undefined || value.type === bsonTypes.null || value.type === bsonTypes.undefined;
}

/** Type guard: the value exists and is not null. */
export function isPresent(value: Argument): value is RawValue {
  return !isNullish(value);
}
