import type { BackoffOptions } from '@emcachers/core/backoff';

/** What an operator may set about jobs, and the defaults, which the settings show. */
export interface JobRunnerOptions {
  /** Jobs that run at once; more wait. */
  readonly jobsMax: number;
  /** How often jobs are looked for without a wake-up, milliseconds. */
  readonly pollMs: number;
  /** How often deletions without a job are looked for, milliseconds. */
  readonly deletionsPollMs: number;
  /** How often a job is begun that fails by a fault that passes. */
  readonly attemptsMax: number;
  /** The delay before the next attempt. */
  readonly backoff: BackoffOptions;
}

export const jobRunnerDefaults: JobRunnerOptions = {
  jobsMax: 32,
  pollMs: 1_000,
  deletionsPollMs: 60_000,
  attemptsMax: 5,
  backoff: { delayMsBase: 2_000, delayMsMax: 60_000 },
};
