/** An error of the engine or of the connection to it, as pages show it. */
export interface EngineError {
  /** `EMC-…`, or null for a failure without a code, such as a lost connection. */
  readonly code: string | null;
  readonly detail: string;
  readonly hint: string | null;
  readonly correlationId: string | null;
  /** Input fields at fault, by their path. */
  readonly fields: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  /** Whether a retry may succeed soon. */
  readonly isPassing: boolean;
}

/** What the engine and the gateway add to tRPC's own error data; see `gateway-problem.ts`. */
interface ErrorData {
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
  detail: 'Could not reach the console. The connection may be down, or the console may have been stopped.',
  hint: 'Check that the console is running, then try again.',
  correlationId: null,
  fields: [],
  isPassing: true,
};

/** Converts the rejection of a query or mutation. An error of any other kind counts as a lost connection. */
export function engineErrorOf(error: unknown): EngineError {
  const data = errorDataOf(error);
  if (data === null) return connectionLost;
  return {
    code: data.emcCode,
    detail: data.detail,
    hint: data.hint ?? null,
    correlationId: data.correlationId ?? null,
    fields: data.fields ?? [],
    isPassing: data.httpStatus === serviceUnavailable,
  };
}

/** Checked by hand, because a schema library for this one shape would add a sixth to what every page loads. */
function errorDataOf(error: unknown): ErrorData | null {
  const data = typeof error === 'object' && error !== null && 'data' in error ? error.data : null;
  if (typeof data !== 'object' || data === null) return null;
  const hasCode = 'emcCode' in data && typeof data.emcCode === 'string';
  const hasDetail = 'detail' in data && typeof data.detail === 'string';
  return hasCode && hasDetail ? (data as ErrorData) : null;
}

/** A sentence without its full stop: the engine does not answer, or it answers with an error. */
export function whoFails(error: EngineError): string {
  return error.code === null || error.code === 'EMC-5008'
    ? 'The engine does not answer'
    : 'The engine reports an error';
}
