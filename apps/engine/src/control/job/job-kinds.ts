import type { JobKind } from './job-kind.ts';
import { deleteJob } from './kinds/delete-job.ts';
import { pauseJob } from './kinds/pause-job.ts';
import { rebuildJob } from './kinds/rebuild-job.ts';
import { refreshJob } from './kinds/refresh-job.ts';
import { repairJob } from './kinds/repair-job.ts';
import { resumeJob } from './kinds/resume-job.ts';
import { verifyJob } from './kinds/verify-job.ts';

/**
 * The table of job kinds. A new verb is a file in `kinds/` and a row here; the API and the console take everything else
 * from it. The rows are in the order in which the console offers them.
 */
export const jobKinds = {
  refresh: refreshJob,
  rebuild: rebuildJob,
  pause: pauseJob,
  resume: resumeJob,
  verify: verifyJob,
  repair: repairJob,
  delete: deleteJob,
} as const satisfies Readonly<Record<string, JobKind>>;

export type JobKindName = keyof typeof jobKinds;

/** Null for a name without a row, for example in a record that another version of the engine wrote. */
export function findJobKind(name: string): JobKind | null {
  return Object.entries(jobKinds).find(([known]) => known === name)?.[1] ?? null;
}
