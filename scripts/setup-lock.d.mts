export interface SetupLockOptions {
  readonly root: string;
  /** Called once if another process holds the lock. */
  readonly onWait: () => void;
  /** Ends the wait: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}
export function withSetupLock<Result>(options: SetupLockOptions, work: () => Promise<Result>): Promise<Result>;
