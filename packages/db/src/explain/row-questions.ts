import { randomUUID } from 'node:crypto';
import type { CachedRows } from '@emcachers/core/row-explanation';
import type { Column } from '@emcachers/core/shape';
import type pg from 'pg';
import { queryRows } from '../query-rows.ts';

/** What a node is asked. */
export interface RowQuestion {
  readonly id: string;
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly docIds: readonly string[];
}

/** One node's answer; `answer` null, with a reason, if it has no published cache. */
export interface RowAnswer {
  readonly nodeId: string;
  readonly answer: CachedRows | null;
  readonly reason: string | null;
}

/** Nobody waits for the answer to an older question. */
const lifetime = '1 minute';

/** Asks every node for its rows of some documents. Returns the id of the question, for `rowAnswers` and `forgetQuestion`. */
export async function askForRows(
  pool: pg.Pool,
  { entityId, docIds }: { readonly entityId: number; readonly docIds: readonly string[] },
): Promise<string> {
  const id = randomUUID();
  // What an asker that died has left.
  await queryRows(pool, `DELETE FROM row_question WHERE asked_at < now() - interval '${lifetime}'`);
  await queryRows(pool, 'INSERT INTO row_question (id, entity_id, doc_ids) VALUES ($1, $2, $3)', [
    id,
    entityId,
    docIds,
  ]);
  await queryRows(pool, `SELECT pg_notify('emcachers_rows', $1)`, [id]);
  return id;
}

/** The nodes with caches that reported no longer ago than this. */
export async function answeringNodes(pool: pg.Pool, reportAgeMsMax: number): Promise<string[]> {
  const nodes = await queryRows<{ id: string }>(
    pool,
    `SELECT id FROM node WHERE left_at IS NULL AND 'replicate' = ANY (roles)
        AND heartbeat_at > now() - make_interval(secs => $1 / 1000.0) ORDER BY id`,
    [reportAgeMsMax],
  );
  return nodes.map(({ id }) => id);
}

/** The answers so far. */
export function rowAnswers(pool: pg.Pool, questionId: string): Promise<RowAnswer[]> {
  return queryRows<RowAnswer>(
    pool,
    'SELECT node_id AS "nodeId", answer, reason FROM row_answer WHERE question_id = $1 ORDER BY node_id',
    [questionId],
  );
}

/** Deletes a question with its answers. */
export async function forgetQuestion(pool: pg.Pool, questionId: string): Promise<void> {
  await queryRows(pool, 'DELETE FROM row_question WHERE id = $1', [questionId]);
}

/** The questions that this node has not answered. */
export function openQuestions(pool: pg.Pool, nodeId: string): Promise<RowQuestion[]> {
  return queryRows<RowQuestion>(
    pool,
    `SELECT q.id, e.name AS "entityName", e.columns, q.doc_ids AS "docIds"
       FROM row_question q JOIN entity e ON e.id = q.entity_id
      WHERE q.asked_at > now() - interval '${lifetime}'
        AND NOT EXISTS (SELECT FROM row_answer a WHERE a.question_id = q.id AND a.node_id = $1)`,
    [nodeId],
  );
}

/** Stores this node's answer, unless nobody waits for it any more. */
export async function answerQuestion(
  pool: pg.Pool,
  questionId: string,
  { nodeId, answer, reason }: RowAnswer,
): Promise<void> {
  await queryRows(
    pool,
    `INSERT INTO row_answer (question_id, node_id, answer, reason) SELECT id, $2, $3, $4 FROM row_question WHERE id = $1
     ON CONFLICT DO NOTHING`,
    [questionId, nodeId, answer === null ? null : JSON.stringify(answer), reason],
  );
}
