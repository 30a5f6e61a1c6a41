import { problemSchema } from '@emcachers/core/api-views';
import type { z } from 'zod';
import { CliError } from './cli-error.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

export interface EngineOptions {
  /** The engine's address, without a path. */
  readonly url: string;
  readonly token: string | null;
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
  readonly signal: AbortSignal;
}

export interface EngineRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

/** Calls the engine's REST API. Every failure is a `CliError`. */
export interface EngineClient {
  /** The answer's JSON, checked against the schema of the API. */
  call<Schema extends z.ZodType>(schema: Schema, request: EngineRequest): Promise<z.output<Schema>>;
}

export function createEngineClient(options: EngineOptions): EngineClient {
  return {
    async call(schema, request) {
      const response = await send(options, request);
      const text = await response.text().catch((error: unknown) => {
        throw unreachable(options, error);
      });
      const answer = parsed(text, response, options.url);
      if (!response.ok) throw refused(response.status, answer);
      const result = schema.safeParse(answer);
      if (result.success) return result.data;
      throw new CliError(`The answer of ${request.path} is not one that this version knows.`, {
        exitCode: exitCodes.failed,
        hint: 'Use the command line of the same version as the engine.',
        fields: result.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`),
      });
    },
  };
}

/** The path of an entity or a job, with the name encoded. */
export function pathOf(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts.map((part, index) => part + encodeURIComponent(names[index] ?? '')).join('');
}

async function send(options: EngineOptions, request: EngineRequest): Promise<Response> {
  const { url, timeoutMs, fetch, signal } = options;
  const { method = 'GET', body } = request;
  try {
    return await fetch(targetOf(url, request), {
      ...{
        method,
        headers: headersOf(options, request),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw unreachable(options, error);
  }
}

function targetOf(url: string, { path, query = {} }: EngineRequest): URL {
  const target = new URL(path, url);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value));
  return target;
}

function headersOf({ token }: EngineOptions, { body }: EngineRequest): Record<string, string> {
  return {
    accept: 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

function unreachable({ url, timeoutMs, signal }: EngineOptions, error: unknown): CliError {
  if (signal.aborted) return new CliError('Interrupted.', { exitCode: exitCodes.interrupted });
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  const words = isLate ? `has not answered within ${timeoutMs / 1_000} s` : `cannot be reached: ${reason}`;
  return new CliError(`The engine at ${url} ${words}.`, {
    exitCode: exitCodes.unreachable,
    code: 'EMC-5008',
    hint: 'Start the engine, or name its address with --url or EMCACHERS_URL.',
    cause: error,
  });
}

function parsed(text: string, response: Response, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`${url} answered ${response.status} with something other than JSON.`, {
      exitCode: exitCodes.failed,
      hint: 'Check that the address is that of an engine, not that of the console or of a proxy.',
    });
  }
}

function refused(status: number, answer: unknown): CliError {
  const problem = problemSchema.safeParse(answer);
  if (!problem.success) return new CliError(`The engine answered ${status}.`, { exitCode: exitCodeOf(status) });
  const { code, detail, hint, errors = [] } = problem.data;
  const fields = errors.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return new CliError(detail, { exitCode: exitCodeOf(status), code, hint, fields });
}
