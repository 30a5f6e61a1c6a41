import type { errorCodes } from '@emcachers/core/error-codes';
import type { z } from 'zod';
import type { ApiServices } from './api-context.ts';

/**
 * One thing that can be asked of an engine, as data. The rows are in `operations.ts`; tRPC (`trpc-procedures.ts`), REST
 * (`rest.ts`), the OpenAPI document and the reference page are made from them, so no two of these can differ.
 */
export type Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> =
  | Query<Input, Output>
  | Mutation<Input, Output>;

interface OperationBase<Input extends z.ZodObject, Output extends z.ZodType> {
  readonly input: Input;
  readonly output: Output;
  /** On loopback everyone who reaches the port; elsewhere whoever has the token (`access.ts`). */
  readonly mayCall: 'operator';
  /** Catalogue codes that a call may answer besides EMC-5001 and EMC-5999. */
  readonly errors: readonly (keyof typeof errorCodes)[];
  readonly rest: RestRoute<z.output<Output>>;
  /** The input has passed its schema. */
  handle(call: { readonly input: z.output<Input>; readonly services: ApiServices }): Promise<z.output<Output>>;
}

/** Changes nothing, so it may be repeated and leaves no audit line. */
export interface Query<Input extends z.ZodObject, Output extends z.ZodType> extends OperationBase<Input, Output> {
  readonly kind: 'query';
}

export interface Mutation<Input extends z.ZodObject, Output extends z.ZodType> extends OperationBase<Input, Output> {
  readonly kind: 'mutation';
  /** The line that the log gets when a call has succeeded. */
  readonly audit: string;
  /**
   * What a second, equal call does. `same`: leads to the same state and answer by itself. `by-key`: the first answer
   * again where it carries the first call's Idempotency-Key.
   */
  readonly repetition: 'same' | 'by-key';
  /** A tRPC call must repeat the entity's name in `confirm`; a REST call has named the entity in its path. */
  readonly needsConfirmation?: boolean;
}

export interface RestRoute<Answer = unknown> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/api/v1/entities/{entityName}`. The names in braces are fields of the input. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'entities' | 'fleet' | 'jobs' | 'oplog' | 'sources';
  readonly summary: string;
  readonly status: 200 | 201 | 202;
  /** The `location` header of the answer. */
  location?(answer: Answer): string;
}

/** Types a row's handler by the row's schemas. */
export function query<Input extends z.ZodObject, Output extends z.ZodType>(
  row: Omit<Query<Input, Output>, 'kind'>,
): Query<Input, Output> {
  return { kind: 'query', ...row };
}

export function mutation<Input extends z.ZodObject, Output extends z.ZodType>(
  row: Omit<Mutation<Input, Output>, 'kind'>,
): Mutation<Input, Output> {
  return { kind: 'mutation', ...row };
}
