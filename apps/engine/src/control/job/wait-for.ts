import type { JobContext } from './job-kind.ts';

/** Poll interval while a job waits for nodes or for the scan, milliseconds. */
const lookIntervalMs = 250;

/** Polls until the answer is not null. Rejects with the signal's reason if the job is aborted. */
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
