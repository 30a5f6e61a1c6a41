import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server';
import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { callOperation } from './call-operation.ts';
import type { Operation } from './operation.ts';
import { procedure } from './trpc.ts';

type InputOf<Row extends Operation> =
  z.input<Row['input']> extends Record<string, never> ? undefined : z.input<Row['input']> & ConfirmationOf<Row>;
/** Required if the action's confirmation is `typed-name`. */
type ConfirmationOf<Row> = Row extends { readonly needsConfirmation: boolean }
  ? { readonly confirm?: string }
  : unknown;

interface ProcedureDefinition<Row extends Operation> {
  readonly meta: object;
  readonly input: InputOf<Row>;
  readonly output: z.output<Row['output']>;
}

/** The procedure types for tRPC clients, derived from the schemas of the rows. */
export type ProceduresOf<Rows extends Readonly<Record<string, Operation>>> = {
  [Name in keyof Rows]: Rows[Name] extends { readonly kind: 'query' }
    ? TRPCQueryProcedure<ProcedureDefinition<Rows[Name]>>
    : TRPCMutationProcedure<ProcedureDefinition<Rows[Name]>>;
};

/** Creates one tRPC procedure for each operation of a group. */
export function proceduresOf<Rows extends Readonly<Record<string, Operation>>>(
  group: string,
  rows: Rows,
): ProceduresOf<Rows> {
  const procedures = Object.entries(rows).map(([name, row]) => [name, procedureOf(`${group}.${name}`, row)]);
  // Each procedure and its type come from the same schemas.
  return Object.fromEntries(procedures) as ProceduresOf<Rows>;
}

function procedureOf(name: string, operation: Operation) {
  const call = async ({ ctx, input }: { readonly ctx: ApiContext; readonly input: unknown }) =>
    (await callOperation({ name, operation, input: confirmed(operation, input), context: ctx })).answer;
  const checked = procedure.input(inputOf(operation));
  return operation.kind === 'query' ? checked.query(call) : checked.mutation(call);
}

/** A tRPC client sends no value if an operation has no input. */
function inputOf(operation: Operation): z.ZodType {
  const { input } = operation;
  if (Object.keys(input.shape).length === 0) return input.default({});
  return needsConfirmation(operation) ? input.extend({ confirm: z.string() }) : input;
}

function confirmed(operation: Operation, input: unknown): Record<string, unknown> {
  const fields = { ...(input as Record<string, unknown>) };
  if (!needsConfirmation(operation)) return fields;
  const { confirm, ...rest } = fields;
  if (confirm === rest['entityName']) return rest;
  const message = `Type ${String(rest['entityName'])} to confirm.`;
  throw new EmcachersError({ code: 'EMC-5001', detail: message, fields: [{ path: ['confirm'], message }] });
}

function needsConfirmation(operation: Operation): boolean {
  return operation.kind === 'mutation' && operation.needsConfirmation === true;
}
