import type { ExitCode } from './exit-codes.ts';

/** An error that the command prints: what happened, its code, and what to do. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** Of the catalogue; null for an error that no engine gave. */
  readonly code: string | null;
  readonly hint: string | null;
  /** Invalid fields of the input, one line each. */
  readonly fields: readonly string[];

  constructor(
    message: string,
    facts: {
      readonly exitCode: ExitCode;
      readonly code?: string | null;
      readonly hint?: string | null;
      readonly fields?: readonly string[];
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: facts.cause });
    this.exitCode = facts.exitCode;
    this.code = facts.code ?? null;
    this.hint = facts.hint ?? null;
    this.fields = facts.fields ?? [];
  }
}

/** As it is printed on standard error. */
export function errorText({ message, code, hint, fields }: CliError): string {
  const lines = [
    `Error: ${message}${code === null ? '' : ` (${code})`}`,
    ...fields.map((field) => `  ${field}`),
    ...(hint === null || hint === '' ? [] : [`Next step: ${hint}`]),
  ];
  return `${lines.join('\n')}\n`;
}
