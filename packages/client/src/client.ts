/**
 * Reads EMCachers caches in process, without a network. No part of the engine is needed at run time.
 *
 * Guarantees: a statement that begins after a swap (rebuild, new generation, the same name created again) reads the new file;
 * an iteration that runs ends on the file that it began with. The rows that one statement or one `read` sees are one
 * transactionally consistent place of the source per file. After `waitFor(operationTime)` has resolved, statements see every
 * change of the entity up to that time. A file's application id, entity, generation and needed columns are checked before its
 * first row is read.
 * Costs: each statement asks the file system once whether the link has moved. Timers and watches exist only while a `waitFor`
 * is pending or a listener is registered. A cache holds three file descriptors, each running iteration three more.
 * Failures: EMC-7001 to EMC-7009, as `code` of the error; errors in your own SQL are SQLite's.
 * Not promised: one place across several files; intermediate states of a row; the last value before a
 * deletion; that the place of a replaced file continues that of the old one after PostgreSQL was restored.
 */
export { type AttachOptions, attachCaches } from './attach-caches.ts';
export type {
  AttachedCaches,
  Cache,
  CacheChange,
  CacheColumns,
  CacheOptions,
  CachePlace,
  CacheReader,
  ChangedRow,
  OperationTime,
  SqlParameter,
  SqlParameters,
  SqlRow,
  SqlValue,
  WaitOptions,
} from './cache.ts';
export { docIdOf } from './doc-id-of.ts';
export { openCache, openCacheWhenPublished } from './open-cache.ts';
