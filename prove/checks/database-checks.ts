import type { Database } from '@emcachers/db/database';
import type { Report } from '../report.ts';

interface Check {
  readonly invariant: string;
  /** One row, with a count that must be 0. */
  readonly sql: string;
}

const checks: readonly Check[] = [
  {
    invariant: 'I9 no entry of an old epoch after one of a new',
    sql: `SELECT count(*)::float8 AS wrong FROM oplog o JOIN leader_term own ON own.epoch = o.epoch
           WHERE EXISTS (SELECT 1 FROM (SELECT t.stream_id, t.epoch, min(l.id) AS first FROM oplog l JOIN leader_term t ON t.epoch = l.epoch
                                         GROUP BY t.stream_id, t.epoch) later
                          WHERE later.stream_id = own.stream_id AND later.epoch > o.epoch AND later.first < o.id)`,
  },
  {
    invariant: 'I9 no entry under the epoch of another stream',
    sql: `SELECT count(*)::float8 AS wrong FROM oplog o JOIN entity e ON e.id = o.entity_id
           WHERE NOT EXISTS (SELECT 1 FROM leader_term t WHERE t.epoch = o.epoch AND t.stream_id = e.stream_id)`,
  },
  {
    invariant: 'I3 no entry beyond the head of its stream',
    sql: `SELECT count(*)::float8 AS wrong FROM oplog o JOIN entity e ON e.id = o.entity_id JOIN stream s ON s.id = e.stream_id
           WHERE o.id > s.head`,
  },
  {
    invariant: 'I7 nothing is staged for a live entity',
    sql: `SELECT count(*)::float8 AS wrong FROM oplog_staging s JOIN entity e ON e.id = s.entity_id
           WHERE e.lifecycle = 'live' AND s.run_id = e.run_id`,
  },
  {
    invariant: 'I7 nothing is left to sweep of a live entity',
    sql: `SELECT count(*)::float8 AS wrong FROM oplog_sweep s JOIN entity e ON e.id = s.entity_id
           WHERE e.lifecycle = 'live' AND s.run_id = e.run_id`,
  },
  {
    invariant: 'I1 no verification has found a wrong row',
    sql: `SELECT count(*)::float8 AS wrong FROM job WHERE kind IN ('verify', 'repair') AND message ~ 'Wrong:|Repaired:'`,
  },
  {
    invariant: 'no partition is left of an entity that is gone',
    sql: `SELECT count(*)::float8 AS wrong FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = 'oplog'::regclass AND c.relname ~ '^oplog_e[0-9]+$'
             AND NOT EXISTS (SELECT 1 FROM entity e WHERE 'oplog_e' || e.id = c.relname)`,
  },
];

/** How the jobs of the run have ended. */
export async function countJobs({ pool }: Database, report: Report): Promise<void> {
  const answer = await pool.query<{ ended: string; jobs: number }>(
    `SELECT concat_ws(' ', kind || ': ' || status, error_code) AS ended, count(*)::float8 AS jobs FROM job GROUP BY 1`,
  );
  for (const { ended, jobs } of answer.rows) report.jobs.set(ended, jobs);
}

/** What PostgreSQL must show while nothing happens. */
export async function checkDatabase(database: Database, report: Report): Promise<void> {
  for (const { invariant, sql } of checks) {
    const answer = await database.pool.query<{ wrong: number }>(sql);
    report.checked(invariant);
    const wrong = answer.rows[0]?.wrong ?? 0;
    if (wrong > 0) report.fail(`${invariant}: ${wrong} rows`);
  }
}
