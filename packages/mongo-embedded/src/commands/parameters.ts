/** Server parameters that clients read or set, with mongod's names and defaults. */
export interface Parameters {
  /** Idle time after which cursors are closed. */
  cursorTimeoutMillis: number;
  transactionLifetimeLimitSeconds: number;
  localLogicalSessionTimeoutMinutes: number;
  ttlMonitorSleepSecs: number;
  ttlMonitorEnabled: boolean;
  notablescan: boolean;
  readonly enableTestCommands: boolean;
  readonly requireApiVersion: boolean;
  readonly authenticationMechanisms: readonly string[];
  readonly featureCompatibilityVersion: { readonly version: string };
  readonly logLevel: number;
  readonly maxTransactionLockRequestTimeoutMillis: number;
}

export function defaultParameters(authenticationMechanisms: readonly string[]): Parameters {
  return {
    cursorTimeoutMillis: 600_000,
    transactionLifetimeLimitSeconds: 60,
    localLogicalSessionTimeoutMinutes: 30,
    ttlMonitorSleepSecs: 60,
    ttlMonitorEnabled: true,
    notablescan: false,
    enableTestCommands: true,
    requireApiVersion: false,
    authenticationMechanisms,
    featureCompatibilityVersion: { version: '8.2' },
    logLevel: 0,
    maxTransactionLockRequestTimeoutMillis: 5,
  };
}
