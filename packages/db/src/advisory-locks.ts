/**
 * The advisory locks we use. All applications in a database share one lock space, so ours are (namespace, number) pairs;
 * the namespace is "EMC" in ASCII.
 */
export const advisoryNamespace = 0x454d43;

/**
 * Namespace of the append lock; the number is the epoch. Every appending transaction takes it before its first `nextval` (I3). An epoch
 * belongs to one stream, so streams append side by side. One lock for each epoch: a frozen leader may keep its own, but can no longer commit, so the next leader need not wait for it.
 */
export const appendNamespace = 0x454d44;

export const advisoryLocks = {
  /** Held while migrations are applied. */
  migrate: 3,
  /** Held briefly while a job is added, so that the same job is not added twice. */
  jobs: 4,
  /** Held while a partition is detached: PostgreSQL detaches one partition of a table at a time. */
  detach: 5,
  /** Held while incidents are compared with the causes that the status names. */
  incidents: 6,
} as const;
