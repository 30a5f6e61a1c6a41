import type { JobKind } from './job-kind.ts';
import { deleteJob } from './kinds/delete-job.ts';
import { discardJob } from './kinds/discard-job.ts';
import { eraseJob } from './kinds/erase-job.ts';
import { pauseJob } from './kinds/pause-job.ts';
import { rebuildJob } from './kinds/rebuild-job.ts';
import { refreshDocumentsJob } from './kinds/refresh-documents-job.ts';
import { refreshJob } from './kinds/refresh-job.ts';
import { repairJob } from './kinds/repair-job.ts';
import { resumeJob } from './kinds/resume-job.ts';
import { retryJob } from './kinds/retry-job.ts';
import { snapshotJob } from './kinds/snapshot-job.ts';
import { verifyJob } from './kinds/verify-job.ts';

/**
 * The table of job kinds. To add a kind, add a file in `kinds/` and a row here; the API and the console derive
 * everything else from it. The console lists the kinds in the order of the rows.
 */
export const jobKinds = {
  refresh: refreshJob,
  rebuild: rebuildJob,
  pause: pauseJob,
  resume: resumeJob,
  verify: verifyJob,
  repair: repairJob,
  snapshot: snapshotJob,
  refreshDocuments: refreshDocumentsJob,
  retry: retryJob,
  discard: discardJob,
  erase: eraseJob,
  delete: deleteJob,
} as const satisfies Readonly<Record<string, JobKind>>;

export type JobKindName = keyof typeof jobKinds;

/** Null for an unknown name, for example from a record that another version of the engine wrote. */
export function findJobKind(name: string): JobKind | null {
  return Object.entries(jobKinds).find(([known]) => known === name)?.[1] ?? null;
}
