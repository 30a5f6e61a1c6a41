import { EmcachersError } from '@emcachers/core/emcachers-error';
import { errorCodes } from '@emcachers/core/error-codes';
import { redactCredentials } from './log.ts';

/** Shorter ones would blacken ordinary words. */
const secretLengthMin = 6;

/**
 * What an operator reads when the engine ends: code, title, what was found with the variable's name, and the next step. A trace
 * follows only for an error that the catalogue does not know. `secrets` never appear, whatever a driver says.
 */
export function startMessage(error: unknown, secrets: readonly string[]): string {
  const message = redactCredentials(error instanceof EmcachersError ? known(error) : unknown(error));
  const hidden = secrets.filter((secret) => secret.length >= secretLengthMin);
  return hidden.reduce((text, secret) => text.replaceAll(secret, '***'), message);
}

/** The passwords of connection strings, as written and as decoded. */
export function passwordsOf(urls: readonly string[]): string[] {
  return urls.flatMap((url) => {
    const written = /\/\/[^:@/?#]*:([^@/?#]*)@/.exec(url)?.[1] ?? '';
    return written === '' ? [] : [written, decodeURIComponent(written)];
  });
}

function known(error: EmcachersError): string {
  return `${error.code} ${error.entry.title}. ${error.detail}\n${error.hint}`;
}

function unknown(error: unknown): string {
  const code = 'EMC-1005';
  const { title, remedy } = errorCodes[code];
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${code} ${title}. ${error instanceof Error ? error.message : String(error)}\n${remedy}\n${trace}`;
}
