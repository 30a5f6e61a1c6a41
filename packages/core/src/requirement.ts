import type { EmcachersError } from './emcachers-error.ts';

/**
 * One thing that the engine needs of a server, and what was found. The start throws the first error and logs the doubts; a
 * report can show all of them.
 */
export interface Requirement {
  /** Unique for one server, for example `encoding`. */
  readonly name: string;
  /** What was found, as a phrase: `UTF8`, `PostgreSQL 18.1`. */
  readonly found: string;
  readonly outcome:
    | { readonly kind: 'met' }
    /** The engine starts, but an operator should know. */
    | { readonly kind: 'doubtful'; readonly why: string }
    | { readonly kind: 'unmet'; readonly error: EmcachersError };
}
