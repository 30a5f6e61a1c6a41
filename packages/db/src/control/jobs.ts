import { randomUUID } from 'node:crypto';
import { type JobKind, type JobStatus, jobKinds, jobStatuses } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { z } from 'zod';
import type { Database } from '../database.ts';
import type { Job } from '../generated/client.ts';

/** The record of long work. Who runs a job, and when, is the Job Server's affair. */
export interface JobRecord {
  readonly jobId: string;
  readonly kind: JobKind;
  readonly entityName: string;
  readonly status: JobStatus;
  readonly input: Readonly<Record<string, unknown>>;
  readonly message: string | null;
  readonly errorCode: string | null;
  readonly nodeId: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

const kindSchema = z.enum(jobKinds);
const statusSchema = z.enum(jobStatuses);
const inputSchema = z.record(z.string(), z.unknown());

/** Queues a job, or answers the one of the same kind and entity that is queued or running already. */
export async function createJob(
  database: Database,
  job: { kind: JobKind; entityName: string; input?: Record<string, string | number | boolean> },
): Promise<JobRecord> {
  // Twice: the one that was in the way may have ended between the insert and the look.
  for (let attempt = 1; ; attempt += 1) {
    const created = await database.prisma.job.createManyAndReturn({
      data: [{ id: randomUUID(), kind: job.kind, entityName: job.entityName, input: job.input ?? {} }],
      skipDuplicates: true,
    });
    const found = created[0] ?? (await findActive(database, job));
    if (found !== null) return toRecord(found);
    if (attempt === 3) throw new EmcachersError({ code: 'EMC-5999', detail: `The ${job.kind} job cannot be queued.` });
  }
}

async function findActive(database: Database, job: { kind: JobKind; entityName: string }): Promise<Job | null> {
  const { kind, entityName } = job;
  return database.prisma.job.findFirst({ where: { kind, entityName, status: { in: ['queued', 'running'] } } });
}

/** Takes the oldest queued job for this node, each at most once over all nodes; null when none waits. */
export async function claimJob(database: Database, nodeId: string): Promise<JobRecord | null> {
  const answer = await database.pool.query<{ id: string }>(
    `UPDATE job SET status = 'running', node_id = $1, started_at = now()
      WHERE id = (SELECT id FROM job WHERE status = 'queued' ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id`,
    [nodeId],
  );
  const id = answer.rows[0]?.id;
  return id === undefined ? null : getJob(database, id);
}

/** The job's present sentence; without effect on one that has ended. */
export async function noteJob(database: Database, job: { jobId: string; message: string }): Promise<void> {
  await database.prisma.job.updateMany({ where: { id: job.jobId, status: 'running' }, data: { message: job.message } });
}

export interface JobEnd {
  readonly jobId: string;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly message: string;
  readonly errorCode?: string | null;
}

/** Ends a queued or running job; one that has ended stays as it is. */
export async function endJob(database: Database, end: JobEnd): Promise<void> {
  const data = { status: end.status, message: end.message, errorCode: end.errorCode ?? null, finishedAt: new Date() };
  await database.prisma.job.updateMany({ where: { id: end.jobId, status: { in: ['queued', 'running'] } }, data });
}

/** Jobs that this node ran when it last ended wait again: its process is new, so none of them runs. */
export async function requeueJobs(database: Database, nodeId: string): Promise<number> {
  const data = { status: 'queued', startedAt: null, nodeId: null };
  const answer = await database.prisma.job.updateMany({ where: { nodeId, status: 'running' }, data });
  return answer.count;
}

/** Newest first. */
export async function listJobs(
  database: Database,
  filter: { entityName?: string | undefined; limit: number },
): Promise<readonly JobRecord[]> {
  const where = filter.entityName === undefined ? {} : { entityName: filter.entityName };
  const jobs = await database.prisma.job.findMany({ where, orderBy: { createdAt: 'desc' }, take: filter.limit });
  return jobs.map(toRecord);
}

/** EMC-5005 where no job has the id. */
export async function getJob(database: Database, jobId: string): Promise<JobRecord> {
  const job = z.uuid().safeParse(jobId).success ? await database.prisma.job.findUnique({ where: { id: jobId } }) : null;
  if (job === null) throw new EmcachersError({ code: 'EMC-5005', detail: `There is no job ${jobId}.` });
  return toRecord(job);
}

export async function countActiveJobs(database: Database): Promise<number> {
  return database.prisma.job.count({ where: { status: { in: ['queued', 'running'] } } });
}

/** Records of jobs that ended before `before`; answers how many. */
export async function forgetJobs(database: Database, before: Date): Promise<number> {
  const answer = await database.prisma.job.deleteMany({ where: { finishedAt: { lt: before } } });
  return answer.count;
}

function toRecord(job: Job): JobRecord {
  const { id, kind, status, input, ...rest } = job;
  return {
    ...rest,
    jobId: id,
    kind: kindSchema.parse(kind),
    status: statusSchema.parse(status),
    input: inputSchema.parse(input),
  };
}
