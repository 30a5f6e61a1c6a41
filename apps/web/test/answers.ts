import type { AppRouter } from '@emcachers/engine/api';
import { TRPCClientError } from '@trpc/client';
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
type Section = keyof Outputs & string;

type PathOf<S extends Section> = `${S}.${keyof Outputs[S] & string}`;
type AnswerOf<Path> = Path extends `${infer S extends Section}.${infer Name}`
  ? Name extends keyof Outputs[S] & keyof Inputs[S]
    ? (input: Inputs[S][Name]) => Outputs[S][Name] | Promise<Outputs[S][Name]>
    : never
  : never;

/** The engine's procedures, such as `entities.rows`, without the subscription. */
export type Procedure = Exclude<{ [S in Section]: PathOf<S> }[Section], 'live.stream'>;

/** What the engine answers in a test, by procedure; the types are those of the engine's router. */
export type Answers = { readonly [Path in Procedure]?: AnswerOf<Path> };

interface RefusalOptions {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly httpStatus?: number;
  readonly fields?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
}

/** An error as the engine sends it, with its catalogue code. */
export function refusal({ code, detail, hint, httpStatus = 400, fields = [] }: RefusalOptions): Error {
  const correlationId = '0f9d3a51-6b7c-4d58-9a2e-1c44f0a7b3de';
  const data = { code: 'BAD_REQUEST', httpStatus, emcCode: code, title: detail, detail, hint, correlationId, fields };
  return TRPCClientError.from({ error: { code: -32_600, message: detail, data } });
}

/** A call that never reached the engine. */
export function connectionLost(): Error {
  return TRPCClientError.from(new TypeError('Failed to fetch'));
}

/** An answer that is pending until the test releases it. */
export function heldAnswer<Value>(): { readonly promise: Promise<Value>; readonly release: (value: Value) => void } {
  const { promise, resolve } = Promise.withResolvers<Value>();
  return { promise, release: resolve };
}
