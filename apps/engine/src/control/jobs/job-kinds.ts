import type { JobKind } from '@emcachers/core/api-views';
import { deleteJob } from './delete-job.ts';
import type { JobKindDefinition } from './job.ts';
import { pauseJob, resumeJob } from './pause-job.ts';
import { rebuildJob } from './rebuild-job.ts';
import { refreshJob } from './refresh-job.ts';

/** Null: this version does not carry it out and says so (EMC-5007). */
export const jobKindDefinitions: Readonly<Record<JobKind, JobKindDefinition | null>> = {
  refresh: refreshJob,
  rebuild: rebuildJob,
  pause: pauseJob,
  resume: resumeJob,
  delete: deleteJob,
  verify: null,
  repair: null,
};
