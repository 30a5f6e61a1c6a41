import { hash, randomUUID } from 'node:crypto';
import { type JobStatus, type JobView, jobStatuses } from '@emcachers/core/api-views';
import type pg from 'pg';
import { z } from 'zod';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';
import { type Asker, writeAudit } from '../control/audit.ts';
import { defaultStreamId } from '../control/streams.ts';
import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';
import type { Job } from '../generated/client.ts';
import { deleteHeld } from '../statements/delete-held.ts';
import { cancelRefresh } from '../statements/scan-state.ts';
import { streamOfEpoch } from '../statements/stream-of-epoch.ts';
import { inTransaction, type TransactionClient } from '../transaction.ts';

/**
 * Job records. A job outlives its entity and the process that runs it: a job that a dead process left `running` is requeued by
 * the next runner, so every kind of job must be safe to run twice. Only the newest `recordsMax` records are kept (I11).
 */
export interface JobRecord extends JobView {
  /** The request's input as JSON, in addition to the kind. The kind's schema parses it. */
  readonly input: unknown;
}

/** A job to add. */
export interface NewJob {
  readonly kind: string;
  readonly entityName: string;
  readonly input: object;
  /** If true, requests with other inputs are other jobs. Default false: one job of the kind at a time for the entity. */
  readonly isPerInput?: boolean;
  /** What the audit keeps of the request. Default: the input. */
  readonly auditDetail?: object;
  /** Who asked for it. Default: an operator, without a request. */
  readonly asker?: Asker;
}

/** How a job ended. */
export interface JobOutcome {
  readonly status: Extract<JobStatus, 'succeeded' | 'failed' | 'cancelled'>;
  readonly message: string;
  readonly errorCode: string | null;
}

/** Why and for how long a job waits for its next attempt. */
export interface JobPostponement {
  readonly message: string;
  readonly errorCode: string;
  readonly delayMs: number;
}

/** The jobs in PostgreSQL. Errors of every method: EMC-3001. */
export interface JobStore {
  /**
   * Returns the new job, or the job that is queued or running for the entity already, or that was added with the same correlation id. Names are
   * case-insensitive.
   */
  add(job: NewJob): Promise<{ readonly jobId: string; readonly isNew: boolean }>;
  list(filter: { readonly entityName: string | null; readonly limit: number }): Promise<JobRecord[]>;
  get(jobId: string): Promise<JobRecord | null>;
  /** Claims up to `limit` queued jobs that wait for nothing, oldest first, and marks them running. */
  claim(limit: number): Promise<JobRecord[]>;
  /** Requeues jobs that a dead runner left running. Only the active runner may call this, before its first claim. */
  requeue(): Promise<void>;
  note(jobId: string, message: string): Promise<void>;
  /** Queues a running job again, not to be begun before the delay is over. Does nothing if the job was cancelled meanwhile. */
  postpone(jobId: string, postponement: JobPostponement): Promise<void>;
  /** Does nothing if the job was cancelled meanwhile. */
  finish(jobId: string, outcome: JobOutcome): Promise<void>;
  /**
   * Marks a queued or running job cancelled; false if it had already ended. The scan of a refresh ends in the same transaction, and
   * the entity is what it was before, unless its rows are being promoted already.
   */
  cancel(jobId: string, message: string, asker?: Asker): Promise<boolean>;
  /** Returns which of these running jobs have been cancelled. */
  cancelled(jobIds: readonly string[]): Promise<string[]>;
}

const recordsMax = 10_000;
const operator: Asker = { actor: 'api', correlationId: null };

const iso = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const recordColumns = `id AS "jobId", kind, entity_name AS "entityName", status, message, error_code AS "errorCode", correlation_id AS "correlationId",
  ${iso('created_at')} AS "createdAt", ${iso('started_at')} AS "startedAt", ${iso('finished_at')} AS "finishedAt",
  attempts, ${iso('retry_at')} AS "retryAt", input`;

/**
 * Keeps its jobs in `database`, which the caller disposes. `epoch`: of the leader whose runner claims, requeues and ends the jobs of its stream; these calls
 * fail with EMC-3002 once it has been superseded (I9). Otherwise the runner of a deposed leader could claim a job after the next one has
 * requeued what was left, and the job would be `running` for ever. Null for a store that runs no jobs.
 */
export function createJobStore(database: Database, epoch: number | null = null): JobStore {
  const { pool, prisma } = database;
  const query = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> => {
    const answer = await pool.query<Row>(sql, values).catch((error: unknown) => {
      throw toDatabaseError(error);
    });
    return answer.rows;
  };
  return {
    add: async (job) => add(pool, job),
    list: async ({ entityName, limit }) => query<JobRecord>(listSql, [entityName, limit]),
    get: async (jobId) => {
      const job = await orDatabaseError(prisma.job.findUnique({ where: { id: jobId } }));
      return job === null ? null : toRecord(job);
    },
    claim: async (limit) => query<JobRecord>(claimSql, [epoch, limit]),
    requeue: async () => {
      await query(requeueSql, [epoch]);
    },
    note: async (jobId, message) => {
      await orDatabaseError(prisma.job.updateMany({ where: { id: jobId, status: 'running' }, data: { message } }));
    },
    postpone: async (jobId, { message, errorCode, delayMs }) => {
      await query(postponeSql, [epoch, jobId, message, errorCode, delayMs]);
    },
    finish: async (jobId, { status, message, errorCode }) => {
      await query(finishSql, [epoch, jobId, status, message, errorCode]);
    },
    cancel: async (jobId, message, asker = operator) => cancel(pool, { jobId, message, asker }),
    cancelled: async (jobIds) => {
      const where = { id: { in: [...jobIds] }, status: { not: 'running' } };
      const rows = await orDatabaseError(prisma.job.findMany({ where, select: { id: true } }));
      return rows.map((row) => row.id);
    },
  };
}

async function orDatabaseError<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

const statusSchema = z.enum(jobStatuses);

function toRecord(job: Job): JobRecord {
  return {
    jobId: job.id,
    kind: job.kind,
    entityName: job.entityName,
    status: statusSchema.parse(job.status),
    message: job.message,
    errorCode: job.errorCode,
    correlationId: job.correlationId,
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
    attempts: job.attempts,
    retryAt: job.retryAt?.toISOString() ?? null,
    input: job.input,
  };
}

// Plain SQL, because Prisma compares without case by a LIKE pattern in which an underscore matches any character.
const listSql = `SELECT ${recordColumns} FROM job
 WHERE $1::text IS NULL OR lower(entity_name) = lower($1) ORDER BY created_at DESC, id LIMIT $2`;

// In the statement that changes the job, so that a frozen runner cannot hold the leader's row between two statements.
const termSql = 'WITH term AS MATERIALIZED (SELECT hold_epoch($1::integer) WHERE $1 IS NOT NULL)';
const inTerm = '(SELECT count(*) FROM term) >= 0';
// A job needs the leader of its entity's stream.
const inStream = `($1::integer IS NULL OR stream_id = ${streamOfEpoch('$1')})`;

// SKIP LOCKED: during a change of leader, two runners never claim the same job.
const claimSql = `${termSql} UPDATE job SET status = 'running', started_at = now(), attempts = attempts + 1, retry_at = NULL
 WHERE ${inTerm} AND id IN (SELECT id FROM job WHERE status = 'queued' AND ${inStream}
   AND (retry_at IS NULL OR retry_at <= now()) ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
 RETURNING ${recordColumns}`;

// A restart is no failure of the job. A job that an earlier release began has no attempts yet.
const requeueSql = `${termSql} UPDATE job SET status = 'queued', started_at = NULL, attempts = GREATEST(attempts - 1, 0) WHERE ${inTerm} AND status = 'running' AND ${inStream}`;

const postponeSql = `${termSql} UPDATE job
   SET status = 'queued', started_at = NULL, message = $3, error_code = $4, retry_at = now() + $5 * interval '1 millisecond'
 WHERE ${inTerm} AND id = $2 AND status = 'running'`;

const finishSql = `${termSql} UPDATE job SET status = $3, message = $4, error_code = $5, finished_at = now()
 WHERE ${inTerm} AND id = $2 AND status = 'running'`;

const cancelSql = `UPDATE job SET status = 'cancelled', message = $2, finished_at = now(), retry_at = NULL
 WHERE id = $1 AND status IN ('queued', 'running') RETURNING kind, entity_name AS "entityName"`;

const pruneSql = `DELETE FROM job WHERE status NOT IN ('queued', 'running') AND id IN
 (SELECT id FROM job ORDER BY created_at DESC OFFSET $1)`;

const insertSql = `INSERT INTO job (id, kind, entity_name, input, input_hash, correlation_id, stream_id)
 SELECT $1, $2, $3, $4, $5, $6, COALESCE((SELECT e.stream_id FROM entity e WHERE e.name_lower = lower($3)), ${defaultStreamId})`;
// A request that is carried out again, because its first attempt ended without an answer, finds its job by the correlation id.
const activeSql = `SELECT id FROM job
 WHERE kind = $1 AND lower(entity_name) = lower($2) AND input_hash = $3 AND (status IN ('queued', 'running') OR correlation_id = $4)
 ORDER BY created_at LIMIT 1`;

/** One at a time, so that simultaneous requests for the same job create one job. The audit record commits with the job. */
async function add(pool: pg.Pool, job: NewJob): Promise<{ jobId: string; isNew: boolean }> {
  return inTransaction(pool, async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [advisoryNamespace, advisoryLocks.jobs]);
    const { correlationId } = job.asker ?? operator;
    const values = [job.kind, job.entityName, inputHash(job), correlationId];
    const active = await client.query<{ id: string }>(activeSql, values);
    const jobId = active.rows[0]?.id ?? randomUUID();
    const isNew = active.rows[0] === undefined;
    if (isNew) await insert(client, { ...job, jobId });
    await client.query('COMMIT');
    return { jobId, isNew };
  });
}

async function insert(client: TransactionClient, job: NewJob & { readonly jobId: string }): Promise<void> {
  const { jobId, kind, entityName, asker = operator } = job;
  const input = JSON.stringify(job.input);
  await client.query(insertSql, [jobId, kind, entityName, input, inputHash(job), asker.correlationId]);
  const detail = job.auditDetail ?? job.input;
  await writeAudit(client, asker, { action: kind, entityName, detail });
  await client.query(pruneSql, [recordsMax]);
  await client.query(`NOTIFY emcachers_control, 'job'`);
}

const heldChunkRows = 10_000;

interface Cancellation {
  readonly jobId: string;
  readonly message: string;
  readonly asker: Asker;
}

async function cancel(pool: pg.Pool, { jobId, message, asker }: Cancellation): Promise<boolean> {
  const { isCancelled, entityId } = await inTransaction(pool, async (client) => {
    await client.query('BEGIN');
    const ended = await client.query<{ kind: string; entityName: string }>(cancelSql, [jobId, message]);
    const job = ended.rows[0];
    const isCancelled = job !== undefined;
    if (isCancelled)
      await writeAudit(client, asker, {
        ...{ action: 'cancel', entityName: job.entityName, detail: { jobId, kind: job.kind } },
      });
    const entityId = isCancelled ? await cancelRefresh(client, jobId) : null;
    await client.query(`NOTIFY emcachers_control, 'job'`);
    await client.query('COMMIT');
    return { isCancelled, entityId };
  });
  if (entityId !== null) while ((await deleteHeld(pool, { entityId, limit: heldChunkRows })) > 0);
  return isCancelled;
}

function inputHash({ input, isPerInput = false }: NewJob): string {
  return isPerInput ? hash('sha256', JSON.stringify(input)) : '';
}
