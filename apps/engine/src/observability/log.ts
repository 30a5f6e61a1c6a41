import type { Log } from '@emcachers/core/log';
import { pino, stdTimeFunctions } from 'pino';
import { errorFields } from './error-fields.ts';

export interface LogDestination {
  write(line: string): void;
}

/** Writes JSON lines. Credentials in connection strings are removed wherever they appear in a line. */
export function createLog(level: string, destination: LogDestination): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: errorFields },
    },
    { write: (line: string) => destination.write(redactCredentials(line)) },
  );
}

/** Replaces credentials with `***`: `scheme://user:password@host` keeps scheme and host; `password=…` keeps its name. */
export function redactCredentials(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi, '$1***@')
    .replace(/\b(password|token|authorization)(\\?["']?\s*[:=]\s*\\?["']?)(?:bearer\s+)?[^\s"'\\,;&]+/gi, '$1$2***');
}
