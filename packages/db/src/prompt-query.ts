import type pg from 'pg';
import { promptMsMax } from './database-limits.ts';

/** The driver reads the limit from each query, but its types do not have it. */
interface PromptQuery extends pg.QueryConfig {
  readonly query_timeout: number;
}

/**
 * A statement that a node repeats all the time. If a host vanishes, its connections stay open without an answer; such a statement
 * gives up long before the limit of a sweep, so that the next attempt gets a new connection.
 */
export function promptly(query: pg.QueryConfig): PromptQuery {
  return { ...query, query_timeout: promptMsMax };
}
