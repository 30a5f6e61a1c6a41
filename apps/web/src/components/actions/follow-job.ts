import type { JobView } from '@emcachers/core/api-views';

const firstWaitMs = 300;
const waitMsMax = 3_000;
const followMsMax = 30 * 60_000;

export interface JobFollowing {
  readonly getJob: () => Promise<JobView>;
  readonly wait: (durationMs: number) => Promise<void>;
  /** Called with each new message while the job runs. */
  readonly onProgress: (job: JobView) => void;
}

/**
 * Polls a job with increasing delays until it finishes; null if it has not finished within half an hour. A failed call
 * is retried, because the job continues whether or not the console can reach the engine.
 */
export async function followJob({ getJob, wait, onProgress }: JobFollowing): Promise<JobView | null> {
  let waitMs = firstWaitMs;
  let reported: string | null = null;
  for (let waitedMs = 0; waitedMs < followMsMax; waitedMs += waitMs) {
    const job = await getJob().catch(() => null);
    if (job !== null && job.finishedAt !== null) return job;
    if (job !== null && job.message !== reported) {
      reported = job.message;
      onProgress(job);
    }
    await wait(waitMs);
    waitMs = Math.min(waitMsMax, waitMs * 1.4);
  }
  return null;
}
