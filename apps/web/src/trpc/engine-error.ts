import { z } from 'zod';

/** An error of the engine or of the way to it, as pages show it. */
export interface EngineError {
  /** `EMC-…`, or null where the failure has no code, such as a lost network. */
  readonly code: string | null;
  readonly detail: string;
  readonly hint: string | null;
  readonly correlationId: string | null;
  /** Input fields at fault, by their path. */
  readonly fields: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  /** Whether the same call may succeed in a moment. */
  readonly isPassing: boolean;
}

const toldSchema = z.object({
  data: z.object({
    emcCode: z.string(),
    detail: z.string(),
    hint: z.string().nullish(),
    correlationId: z.string().nullish(),
    httpStatus: z.number().optional(),
    fields: z.array(z.object({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).default([]),
  }),
});

const serviceUnavailable = 503;

/** Reads whatever a query or mutation rejected with; a foreign error is told as a lost connection. */
export function engineErrorOf(error: unknown): EngineError {
  const told = toldSchema.safeParse(error);
  if (!told.success)
    return {
      code: null,
      detail: 'The console could not be reached. The connection may be down, or the console was stopped.',
      hint: 'Check that the console still runs, then try again.',
      correlationId: null,
      fields: [],
      isPassing: true,
    };
  const { emcCode, detail, hint, correlationId, fields, httpStatus } = told.data.data;
  return {
    code: emcCode,
    detail,
    hint: hint ?? null,
    correlationId: correlationId ?? null,
    fields,
    isPassing: httpStatus === serviceUnavailable,
  };
}
