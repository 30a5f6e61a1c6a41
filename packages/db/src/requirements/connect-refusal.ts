import { EmcachersError } from '@emcachers/core/emcachers-error';
import { isTlsError } from '@emcachers/core/tls-error';
import pg from 'pg';
import { connectionError, toDatabaseError } from '../database-error.ts';

/**
 * Tells what an operator must change from what time may mend. A server that does not answer, starts, or has no connection free
 * is EMC-3001 and worth another attempt; a refused password, a missing right or an untrusted certificate is not.
 */
export function toStartError(error: unknown): unknown {
  if (error instanceof EmcachersError) return error;
  const refusal = refusalOf(error);
  return refusal ?? toDatabaseError(error);
}

/** Connects, or throws an error of the catalogue. */
export async function connectAtStart(client: pg.Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    const known = toStartError(error);
    throw known instanceof EmcachersError ? known : connectionError(error);
  }
}

type Code = 'EMC-1001' | 'EMC-3007' | 'EMC-3008' | 'EMC-3009' | 'EMC-3011' | 'EMC-3012';

/** By SQLSTATE. */
const codeOfState: ReadonlyMap<string, Code> = new Map([
  ['28P01', 'EMC-3007'], // invalid_password
  ['28000', 'EMC-3007'], // invalid_authorization_specification
  ['3D000', 'EMC-3007'], // invalid_catalog_name
  ['42501', 'EMC-3008'], // insufficient_privilege
  ['25006', 'EMC-3009'], // read_only_sql_transaction
]);

function refusalOf(error: unknown): EmcachersError | null {
  if (!(error instanceof Error)) return null;
  const code = codeOf(error);
  return code === null
    ? null
    : new EmcachersError({ code, detail: `DATABASE_URL: ${sentence(error.message)}`, cause: error });
}

function codeOf(error: Error): Code | null {
  if (error instanceof pg.DatabaseError) return codeOfServer(error);
  if (isFileError(error)) return 'EMC-1001';
  if (isTlsError(error) || error.message.startsWith('The server does not support SSL')) return 'EMC-3012';
  // The server asks for a password and the URL has none.
  return error.message.includes('client password must be a string') ? 'EMC-3007' : null;
}

/** Of a file of the TLS options. */
function isFileError(error: Error): boolean {
  const isOpening = 'syscall' in error && error.syscall === 'open';
  return isOpening || ('code' in error && error.code === 'EISDIR');
}

function codeOfServer({ code, message }: pg.DatabaseError): Code | null {
  // PgBouncer's answer to settings of a session, which it could not keep for this client alone.
  if (code === '08P01' && message.includes('startup parameter')) return 'EMC-3011';
  return codeOfState.get(code ?? '') ?? null;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
