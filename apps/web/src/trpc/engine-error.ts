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

/** What the engine and the gateway put beside tRPC's own error; see `gateway-problem.ts`. */
interface Told {
  readonly emcCode: string;
  readonly detail: string;
  readonly hint?: string | null;
  readonly correlationId?: string | null;
  readonly httpStatus?: number;
  readonly fields?: EngineError['fields'];
}

const serviceUnavailable = 503;

const connectionLost: EngineError = {
  code: null,
  detail: 'The console could not be reached. The connection may be down, or the console was stopped.',
  hint: 'Check that the console still runs, then try again.',
  correlationId: null,
  fields: [],
  isPassing: true,
};

/** Reads whatever a query or mutation rejected with; a foreign error is told as a lost connection. */
export function engineErrorOf(error: unknown): EngineError {
  const told = toldBy(error);
  if (told === null) return connectionLost;
  return {
    code: told.emcCode,
    detail: told.detail,
    hint: told.hint ?? null,
    correlationId: told.correlationId ?? null,
    fields: told.fields ?? [],
    isPassing: told.httpStatus === serviceUnavailable,
  };
}

/** Checked by hand: a schema library for this one shape would be a sixth of what every page loads. */
function toldBy(error: unknown): Told | null {
  const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : null;
  if (typeof data !== 'object' || data === null) return null;
  const hasCode = 'emcCode' in data && typeof data.emcCode === 'string';
  const hasDetail = 'detail' in data && typeof data.detail === 'string';
  return hasCode && hasDetail ? (data as Told) : null;
}

/** Who fails, as the first words of a sentence: nothing answers, or what answers is in trouble. */
export function whoFails(error: EngineError): string {
  return error.code === null || error.code === 'EMC-5008' ? 'The engine does not answer' : 'The engine is in trouble';
}
