/**
 * Advisory locks of this project. PostgreSQL's lock space is shared with whatever else lives in the database, so all
 * of ours are (namespace, number) pairs; the namespace is "EMC" in ASCII.
 */
export const advisoryNamespace = 0x454d43;

export const advisoryLocks = {
  /** Taken by every transaction that appends, before its first `nextval` (I3). Ends with the transaction. */
  append: 1,
  /** Held by the leader's own connection. */
  leader: 2,
  /** Held while migrations are applied. */
  migrate: 3,
  /** Held for a moment while a job is added, so that the same one is not added twice. */
  jobs: 4,
} as const;
