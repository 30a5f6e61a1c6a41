import { jobRunnerDefaults } from '../../control/job/job-runner-options.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How the leader runs jobs. */
export const jobSettings = {
  EMCACHERS_JOBS_MAX: numberSetting({
    unit: 'jobs',
    min: 1,
    max: 1000,
    standard: jobRunnerDefaults.jobsMax,
    reason: 'Jobs that run at once; more wait.',
  }),
  EMCACHERS_JOB_POLL_MS: numberSetting({
    unit: 'milliseconds',
    min: 50,
    max: 60000,
    standard: jobRunnerDefaults.pollMs,
    reason: 'How often the leader looks for jobs when no notification arrives.',
  }),
  EMCACHERS_JOB_DELETIONS_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86400,
    standard: jobRunnerDefaults.deletionsPollMs / 1_000,
    reason: 'How often the leader looks for entities whose deletion was interrupted.',
  }),
  EMCACHERS_VERIFY_LOOK_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86400,
    standard: 30,
    reason: 'How often the leader looks whether a verification is due.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
