/** What an operator may set about jobs, and the defaults, which the settings show. */
export interface JobRunnerOptions {
  /** Jobs that run at once; more wait. */
  readonly jobsMax: number;
  /** How often jobs are looked for without a wake-up, milliseconds. */
  readonly pollMs: number;
  /** How often deletions without a job are looked for, milliseconds. */
  readonly deletionsPollMs: number;
}

export const jobRunnerDefaults: JobRunnerOptions = { jobsMax: 32, pollMs: 1_000, deletionsPollMs: 60_000 };
