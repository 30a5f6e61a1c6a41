import type { ErrorCodeEntry } from './error-code-entry.ts';

/** EMC-4xxx: cache files. */
export const cacheErrorCodes = {
  'EMC-4001': {
    title: 'A cache file is damaged',
    cause: 'SQLite reported the file as corrupt, or it is not a cache of this entity.',
    remedy: 'No action needed. A new generation is built from the oplog; the old file is kept until then.',
    retry: 'rebuild',
    httpStatus: 503,
  },
  'EMC-4002': {
    title: 'The disk is full',
    cause: 'SQLite could not write because no space is left on the disk that holds the caches.',
    remedy: 'Free disk space. The engine then resumes applying changes; nothing is lost.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4003': {
    title: 'A cache file cannot be opened',
    cause: 'Missing permissions, too many open files, or an I/O error.',
    remedy: 'See the log for the cause; fix the permissions or raise the limit on open files.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4004': {
    title: 'A cache file is locked',
    cause: 'Another program holds a write transaction on the file, or locked it exclusively.',
    remedy: 'End that transaction; applications must only read cache files. The engine then applies what it missed.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4005': {
    title: 'The lock of the data directory was lost',
    cause:
      'The file caches.lock was removed or replaced while this engine held it, so another engine may have started.',
    remedy:
      'No action needed if no other engine uses the directory: this engine takes the lock again and reopens its caches. Otherwise stop one of the two engines, or set its EMCACHERS_DATA_DIR to another directory.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4006': {
    title: 'Rows of a cache differ',
    cause: 'A verification found rows that are not what the oplog says.',
    remedy:
      'Repair the cache. If the rows are too many to be written one by one, rebuild it: its file is made again from the oplog while the current one keeps serving.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-4007': {
    title: 'An index of a cache could not be built',
    cause:
      'SQLite could not write the index: the disk is full, or another program holds a write transaction on the file.',
    remedy:
      'No action needed for the rows: the cache serves them without the index, and the engine builds the index again. Free disk space, or end that transaction.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4008': {
    title: 'Too little space for a snapshot',
    cause:
      'The disk has less free space than the file needs and EMCACHERS_SNAPSHOT_FREE_MB keeps free, or it became full.',
    remedy:
      'Free disk space, set EMCACHERS_SNAPSHOT_DIR to a larger disk, or lower EMCACHERS_SNAPSHOTS_KEPT. Then request the snapshot again. The cache is not affected.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-4009': {
    title: 'A snapshot cannot be made or used',
    cause:
      'The node has no published cache of the entity, the copy did not pass its checks, or the snapshot is not what its manifest says. The message has the reason.',
    remedy:
      'Correct the reason and request the snapshot again. If the copy was damaged, verify the cache. A node that cannot use a snapshot builds its cache from the oplog.',
    retry: 'never',
    httpStatus: 409,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
