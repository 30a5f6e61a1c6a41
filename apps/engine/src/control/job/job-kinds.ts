import type { JobKind } from '@emcachers/core/api-views';
import type { JobKindDefinition } from './job.ts';
import { deleteJob } from './kinds/delete-job.ts';
import { pauseJob, resumeJob } from './kinds/pause-job.ts';
import { rebuildJob } from './kinds/rebuild-job.ts';
import { refreshJob } from './kinds/refresh-job.ts';

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
