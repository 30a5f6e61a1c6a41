import type { JobView } from '@emcachers/core/api-views';

const firstWaitMs = 300;
const waitMsMax = 3_000;
const followMsMax = 30 * 60_000;

export interface JobFollowing {
  readonly getJob: () => Promise<JobView>;
  readonly wait: (durationMs: number) => Promise<void>;
  /** Called with each new sentence of the job while it runs. */
  readonly onProgress: (job: JobView) => void;
}

/**
 * Asks for a job until it is over, ever more slowly; null when it was not over within half an hour. A failing call is
 * tried again: the job goes on whether or not the console can see it.
 */
export async function followJob({ getJob, wait, onProgress }: JobFollowing): Promise<JobView | null> {
  let waitMs = firstWaitMs;
  let told: string | null = null;
  for (let waitedMs = 0; waitedMs < followMsMax; waitedMs += waitMs) {
    const job = await getJob().catch(() => null);
    if (job !== null && job.finishedAt !== null) return job;
    if (job !== null && job.message !== told) {
      told = job.message;
      onProgress(job);
    }
    await wait(waitMs);
    waitMs = Math.min(waitMsMax, waitMs * 1.4);
  }
  return null;
}
