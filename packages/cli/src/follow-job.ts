import { type JobView, jobViewSchema } from '@emcachers/core/api-views';
import type { CliCall } from './cli.ts';
import { CliError } from './cli-error.ts';
import { pathOf } from './engine-client.ts';
import { exitCodes } from './exit-codes.ts';
import { ticks } from './pause.ts';

const pollMs = 300;

/** Waits for the end of a job and notes what it does meanwhile. Throws unless it succeeded; an interruption leaves the job running. */
export async function followJob(call: CliCall, jobId: string): Promise<JobView> {
  let noted: string | null = null;
  for await (const _ of ticks(pollMs, call.world.signal)) {
    const job = await call.engine.call(jobViewSchema, { path: pathOf`/api/v1/jobs/${jobId}` });
    if (job.finishedAt !== null) return ended(job);
    if (job.message !== null && job.message !== noted) call.note(job.message);
    noted = job.message;
  }
  throw new CliError(`Interrupted. The job goes on; "emcachers jobs cancel ${jobId}" ends it.`, {
    exitCode: exitCodes.interrupted,
  });
}

function ended(job: JobView): JobView {
  if (job.status === 'succeeded') return job;
  throw new CliError(job.message ?? `The job has ${job.status}.`, {
    exitCode: exitCodes.jobFailed,
    code: job.errorCode,
  });
}
