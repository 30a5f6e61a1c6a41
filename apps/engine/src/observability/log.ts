import type { Log } from '@emcachers/core/log';
import { pino, stdSerializers, stdTimeFunctions } from 'pino';

export interface LogDestination {
  write(line: string): void;
}

/** JSON lines; credentials in connection strings never reach the destination, wherever in a line they stand. */
export function createLog(level: string, destination: LogDestination): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: stdSerializers.errWithCause },
    },
    { write: (line: string) => destination.write(redactCredentials(line)) },
  );
}

/** `scheme://user:password@host` keeps the scheme and the host; `password=…` keeps its name. */
export function redactCredentials(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]+@/gi, '$1***@')
    .replace(/\b(password|token|authorization)(\\?["']?\s*[:=]\s*\\?["']?)(?:bearer\s+)?[^\s"'\\,;&]+/gi, '$1$2***');
}
