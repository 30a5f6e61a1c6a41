/**
 * The advisory locks we use. All applications in a database share one lock space, so ours are (namespace, number) pairs;
 * the namespace is "EMC" in ASCII.
 */
export const advisoryNamespace = 0x454d43;

export const advisoryLocks = {
  /** Taken by every appending transaction before its first `nextval` (I3); released when the transaction ends. */
  append: 1,
  /** Held by the leader on a dedicated connection. */
  leader: 2,
  /** Held while migrations are applied. */
  migrate: 3,
  /** Held briefly while a job is added, so that the same job is not added twice. */
  jobs: 4,
} as const;
