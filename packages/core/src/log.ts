/**
 * The structured log passed to every component. Fields first, then one sentence; put an error into `err`.
 * The implementation is `apps/engine/src/observability/log.ts`; tests pass `silentLog`.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log that adds these fields to every line. */
  child(fields: object): Log;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
