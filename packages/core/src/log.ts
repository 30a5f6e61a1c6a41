/**
 * The structured log that is handed to every part. Fields first, then one sentence; an error goes into `err`.
 * The implementation is `apps/engine/src/observability/log.ts`; tests pass `silentLog`.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log whose every line carries these fields too. */
  child(fields: object): Log;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
