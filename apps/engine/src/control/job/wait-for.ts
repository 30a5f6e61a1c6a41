import type { JobContext } from './job-kind.ts';

/** Between two looks at the database while a job waits for others to do their part. */
const lookIntervalMs = 250;

/** Looks until the answer is not null; rejects with the signal's reason when the job is to end. */
export async function waitFor<Answer>(
  { clock, signal }: Pick<JobContext, 'clock' | 'signal'>,
  look: () => Promise<Answer | null>,
): Promise<Answer> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await look();
    if (answer !== null) return answer;
    await clock.sleep(lookIntervalMs, signal);
  }
}
