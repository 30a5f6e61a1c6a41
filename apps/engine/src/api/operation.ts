import type { errorCodes } from '@emcachers/core/error-codes';
import type { Asker } from '@emcachers/db/control/audit';
import type { z } from 'zod';
import type { ApiServices } from './api-context.ts';

/**
 * The definition of one API operation. The definitions are the rows of `operations.ts`; tRPC (`trpc-procedures.ts`),
 * REST (`rest.ts`), the OpenAPI document and the reference page are generated from them and so always agree. Who may call
 * the API does not depend on the operation (`access.ts`): with a token, whoever sends it; without one, programs of this machine.
 */
export type Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> =
  | Query<Input, Output>
  | Mutation<Input, Output>;

interface OperationBase<Input extends z.ZodObject, Output extends z.ZodType> {
  readonly input: Input;
  readonly output: Output;
  /** Error codes of the operation, in addition to EMC-5001 and EMC-5999. */
  readonly errors: readonly (keyof typeof errorCodes)[];
  readonly rest: RestRoute<z.output<Output>>;
  /** `input` is validated. */
  handle(call: HandledCall<z.output<Input>>): Promise<z.output<Output>>;
}

export interface HandledCall<Input> {
  readonly input: Input;
  readonly services: ApiServices;
  /** For the audit of a mutation. */
  readonly asker: Asker;
}

/** Read-only: safe to repeat and not audited. */
export interface Query<Input extends z.ZodObject, Output extends z.ZodType> extends OperationBase<Input, Output> {
  readonly kind: 'query';
}

export interface Mutation<Input extends z.ZodObject, Output extends z.ZodType> extends OperationBase<Input, Output> {
  readonly kind: 'mutation';
  /** The audit line in the log after a successful call. */
  readonly audit: string;
  /**
   * What a repeated call without an Idempotency-Key does. `same`: gives the same state and answer. `by-key`: it is refused or has a second
   * effect. With the key of the first call, every mutation returns the first answer.
   */
  readonly repetition: 'same' | 'by-key';
  /**
   * If true, a tRPC call must repeat the entity's name in `confirm`. In a REST call, the name in the path is enough.
   */
  readonly needsConfirmation?: boolean;
}

export interface RestRoute<Answer = unknown> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In OpenAPI syntax: `/api/v1/entities/{entityName}`. The names in braces are input fields. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'entities' | 'fleet' | 'jobs' | 'oplog' | 'sources';
  readonly summary: string;
  readonly status: 200 | 201 | 202;
  /** The `location` header of the answer. */
  location?(answer: Answer): string;
}

/** Infers the types of the handler from the row's schemas. */
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
