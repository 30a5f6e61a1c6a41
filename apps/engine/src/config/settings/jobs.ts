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
  EMCACHERS_JOB_ATTEMPTS_MAX: numberSetting({
    unit: 'attempts',
    min: 1,
    max: 100,
    standard: jobRunnerDefaults.attemptsMax,
    reason:
      'How often a job is begun that fails by a fault that passes, such as a server that does not answer. After that it has failed.',
  }),
  EMCACHERS_JOB_RETRY_MS: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 600000,
    standard: jobRunnerDefaults.backoff.delayMsBase,
    reason: 'Upper bound of the delay before the second attempt. Delays double, with full jitter.',
  }),
  EMCACHERS_JOB_RETRY_SECONDS_MAX: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86400,
    standard: jobRunnerDefaults.backoff.delayMsMax / 1_000,
    reason: 'Upper bound of the delay before any attempt.',
  }),
  EMCACHERS_VERIFY_LOOK_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86400,
    standard: 30,
    reason: 'How often the leader looks whether a verification is due.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
