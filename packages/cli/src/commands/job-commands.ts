import { type JobView, jobViewSchema } from '@emcachers/core/api-views';
import type { Command } from 'commander';
import { z } from 'zod';
import { type CliCall, positiveNumber, type RunCommand } from '../cli.ts';
import { pathOf } from '../engine-client.ts';
import { followJob } from '../follow-job.ts';
import { type Answer, listAnswer } from '../output/output.ts';
import type { Column } from '../output/table.ts';

export function addJobCommands(program: Command, run: RunCommand): void {
  const jobs = program.command('jobs').description('List, follow and cancel jobs.');
  jobs
    .command('list', { isDefault: true })
    .description('List the jobs, newest first.')
    .option('--entity <name>', 'of one entity')
    .option('--limit <number>', 'longest list', positiveNumber, 20)
    .action(run(list));
  jobs.command('get').argument('<job>', 'id of the job').description('Show one job.').action(run(get));
  jobs
    .command('wait')
    .argument('<job>', 'id of the job')
    .description('Wait for the end of a job, and fail with it.')
    .action(run(wait));
  jobs.command('cancel').argument('<job>', 'id of the job').description('Cancel a job.').action(run(cancel));
}

const columns: readonly Column<JobView>[] = [
  { heading: 'job', cell: ({ jobId }) => jobId },
  { heading: 'kind', cell: ({ kind }) => kind },
  { heading: 'entity', cell: ({ entityName }) => entityName },
  { heading: 'status', cell: ({ status }) => status },
  { heading: 'created', cell: ({ createdAt }) => createdAt },
  { heading: 'code', cell: ({ errorCode }) => errorCode },
  { heading: 'message', cell: ({ message }) => message },
];

/** One job; for people its message alone. */
export function jobAnswer(job: JobView): Answer {
  return { value: job, text: `${job.message ?? job.status}\n` };
}

async function list(call: CliCall, { entity, limit }: { entity?: string; limit: number }): Promise<undefined> {
  const query = { entityName: entity, limit };
  const jobs = await call.engine.call(z.array(jobViewSchema), { path: '/api/v1/jobs', query });
  call.answer(listAnswer(jobs, columns, 'There are no jobs.'));
}

async function get(call: CliCall, jobId: string): Promise<undefined> {
  const job = await call.engine.call(jobViewSchema, { path: pathOf`/api/v1/jobs/${jobId}` });
  call.answer({ ...listAnswer([job], columns, ''), value: job });
}

async function wait(call: CliCall, jobId: string): Promise<undefined> {
  call.answer(jobAnswer(await followJob(call, jobId)));
}

async function cancel(call: CliCall, jobId: string): Promise<undefined> {
  const request = { method: 'POST', path: pathOf`/api/v1/jobs/${jobId}/cancel` } as const;
  call.answer(jobAnswer(await call.engine.call(jobViewSchema, request)));
}
