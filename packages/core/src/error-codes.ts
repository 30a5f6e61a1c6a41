import { cacheErrorCodes } from './cache-error-codes.ts';
import type { ErrorCodeEntry } from './error-code-entry.ts';
import { fleetErrorCodes } from './fleet-error-codes.ts';
import { requestErrorCodes } from './request-error-codes.ts';
import { shapeErrorCodes } from './shape-error-codes.ts';
import { startErrorCodes } from './start-error-codes.ts';

/**
 * All error codes. A code is never reused. `cause` and `remedy` are shown by the API, the CLI and the console;
 * `retry` is what the engine does without an operator.
 * EMC-1xxx configuration and startup, 2xxx MongoDB, 3xxx PostgreSQL, 4xxx cache files, 5xxx requests, 6xxx documents, 7xxx readers of caches,
 * from 7010 on requests that no operation sees.
 */
export const errorCodes = {
  'EMC-1001': {
    title: 'Invalid setting',
    cause: 'An environment variable or a value in the configuration file is invalid.',
    remedy: 'Correct the variable named in the message and restart.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1002': {
    title: 'Port already in use',
    cause: 'Another program is listening on the port.',
    remedy: 'Stop the other program, or set the variable named in the message to a free port.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1003': {
    title: 'The data directory cannot be used',
    cause: 'The directory is not writable, or another engine is using it.',
    remedy: 'Fix its permissions, stop the other engine, or set EMCACHERS_DATA_DIR to another directory.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1004': {
    title: 'A token is required for this address',
    cause: 'ENGINE_HOST is not a loopback address and EMCACHERS_TOKEN is not set.',
    remedy: 'Set EMCACHERS_TOKEN, or set ENGINE_HOST to 127.0.0.1.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-2001': {
    title: 'MongoDB cannot be reached',
    cause: 'No server responded at MONGO_URL, or it refused the connection, the user or the password.',
    remedy:
      'Check the address, the user, the password and the TLS options of MONGO_URL, and check that the replica set has a primary. The engine keeps retrying.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2002': {
    title: 'MongoDB is not a replica set',
    cause: 'Change streams require a replica set or a sharded cluster.',
    remedy: 'Start mongod with --replSet and initiate it, or point MONGO_URL at a replica set.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2003': {
    title: 'The resume token is lost',
    cause: "MongoDB no longer has the history that follows the engine's resume token.",
    remedy: 'No action needed. Every entity is rescanned under a new version; caches keep serving meanwhile.',
    retry: 'rescan',
    httpStatus: 503,
  },
  'EMC-2004': {
    title: 'The change stream failed',
    cause: 'MongoDB closed the change stream with an error that may be temporary.',
    remedy:
      'The engine reopens the stream at the last saved position. If the error persists, see the MongoDB error in the log.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2005': {
    title: 'The source changed during a scan',
    cause: 'The collection was dropped, renamed or recreated while it was being scanned.',
    remedy: 'No action needed. The scan restarts.',
    retry: 'rescan',
    httpStatus: 503,
  },
  'EMC-2006': {
    title: 'The saved position would move backwards',
    cause: 'A resume token was older than the saved one, or belonged to a stream that has since been restarted.',
    remedy: 'No action needed. The stream is reopened at the saved position, and no change is lost.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2007': {
    title: 'The source cannot be copied',
    cause:
      'It is a view, a time series or a capped collection, whose changes cannot be followed, or the engine is not allowed to read it.',
    remedy: 'Define the entity on the underlying collection, or grant read access; then refresh the entity.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-2008': {
    title: 'Unknown change event',
    cause: 'MongoDB sent a change event that this version of the engine does not support; skipping it could lose data.',
    remedy: 'Upgrade the engine. Caches keep serving their current rows.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2009': {
    title: 'MongoDB has another history',
    cause:
      'MongoDB is not the one that the oplog was written from: another server, a restored or emptied one, or a copy that has gone its own way.',
    remedy: 'No action needed. Every entity is rescanned under a new version; caches keep serving meanwhile.',
    retry: 'rescan',
    httpStatus: 503,
  },
  'EMC-3001': {
    title: 'PostgreSQL cannot be reached',
    cause: 'No server responded at DATABASE_URL, or it refused the connection.',
    remedy: 'Check DATABASE_URL, and check that PostgreSQL is running. The engine keeps retrying; caches keep serving.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-3002': {
    title: 'This engine is no longer the leader',
    cause: 'Another node became leader with a newer epoch; the write of this node was rejected.',
    remedy: 'No action needed. This node is on standby and takes over if the leader stops.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-3003': {
    title: 'The database has a different history',
    cause: 'PostgreSQL was restored or replaced, so the oplog ids that this node has applied are no longer valid.',
    remedy: 'No action needed. This node rebuilds its caches while the old ones keep serving.',
    retry: 'rebuild',
    httpStatus: 503,
  },
  'EMC-3004': {
    title: 'A sweep was refused',
    cause:
      'A scan did not find documents that the cache holds, and either the source still has some of them, or they are more than a fifth of the cache.',
    remedy:
      'Nothing was deleted. If the source still has documents that the scan did not find, refresh the entity. If many documents were really deleted, refresh with "allow large deletions".',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-3005': {
    title: 'Incompatible database schema',
    cause: 'A migration failed, was edited after it was applied, or was made by a newer engine.',
    remedy: 'Run the engine version that created the schema, or point DATABASE_URL at another database.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-3006': {
    title: 'The cache is behind the horizon',
    cause:
      'This node was away, or did not advance, for longer than EMCACHERS_GIVE_UP_MINUTES, and compaction has removed entries that its cache had not read.',
    remedy: 'No action needed. This node rebuilds the cache from the oplog while the old file keeps serving.',
    retry: 'rebuild',
    httpStatus: 503,
  },
  ...cacheErrorCodes,
  'EMC-5001': {
    title: 'Invalid request',
    cause: 'A field is missing or invalid.',
    remedy: 'Correct the fields named in the response.',
    retry: 'never',
    httpStatus: 400,
  },
  'EMC-5002': {
    title: 'No such entity',
    cause: 'No entity has this name. It may have been deleted.',
    remedy: 'List the entities and check the name.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5003': {
    title: 'Entity name already in use',
    cause: 'Another entity has this name. Entity names are case-insensitive.',
    remedy: 'Choose another name, or delete the entity first.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5004': {
    title: 'Not allowed in this state',
    cause: "The entity's current activity does not allow this operation.",
    remedy: 'Wait until the entity is in a state that allows the operation; the message names the state.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5005': {
    title: 'No such job or incident',
    cause: 'No job or incident has this id, or its record has expired.',
    remedy: 'List the jobs of the entity, or the incidents.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5006': {
    title: 'A token is required',
    cause: 'The request has no token, or the token is wrong.',
    remedy: 'Send the value of EMCACHERS_TOKEN as a bearer token.',
    retry: 'never',
    httpStatus: 401,
  },
  'EMC-5007': {
    title: 'Not available yet',
    cause: 'This version of the engine does not implement this operation.',
    remedy: 'See the documentation for what this version supports.',
    retry: 'never',
    httpStatus: 501,
  },
  'EMC-5008': {
    title: 'The engine is not responding',
    cause: 'The console forwards every call to the engine, and nothing responded at its address.',
    remedy:
      'Check that the engine is running. If it runs elsewhere, check ENGINE_HOST and ENGINE_PORT. Cache files remain readable.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-5009': {
    title: 'Request from another site',
    cause: 'The request came from a page other than the console, or the console was opened under an unknown host name.',
    remedy: 'Open the console at http://127.0.0.1 or http://localhost with its port.',
    retry: 'never',
    httpStatus: 403,
  },
  'EMC-5010': {
    title: 'Idempotency key reused for a different request',
    cause: 'The same Idempotency-Key was sent before with a different request.',
    remedy: 'Use a new key for each new request.',
    retry: 'never',
    httpStatus: 422,
  },
  'EMC-5011': {
    title: 'No such route',
    cause: 'The engine has no route for this path and method.',
    remedy: 'See /api/docs for the available routes.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5012': {
    title: 'Query refused',
    cause: 'MongoDB does not take the query, or it is not valid Extended JSON.',
    remedy: 'Correct the query. The message is that of MongoDB.',
    retry: 'never',
    httpStatus: 400,
  },
  'EMC-5013': {
    title: 'The source still has the documents',
    cause: 'An erasure was requested for documents that MongoDB still has. Their next change would copy them again.',
    remedy: 'Delete the documents in MongoDB first, then request the erasure again.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5014': {
    title: 'An erasure did not reach a cache',
    cause: 'A node that reports did not build a new cache file, or did not delete the old ones, in time.',
    remedy:
      'See the message for the node and the state of its cache. When the cache is well, request the erasure again.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5020': {
    title: 'There is no cache to verify',
    cause: 'No node that reports has a published cache of the entity.',
    remedy: 'Wait until the first scan is complete and a node has published its cache; then verify again.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5021': {
    title: 'A verification did not finish',
    cause:
      'It was cancelled, a node was stopped or lost its cache while it compared, or the entity changed faster than it was compared.',
    remedy: 'See the message for the node and the reason; then verify again.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5999': {
    title: 'Internal error',
    cause: 'The engine reached an unexpected state.',
    remedy: 'Search the log for the correlation id, and report the entry you find.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6001': {
    title: 'A document could not be projected',
    cause: 'The document is not valid BSON, or it nests too deeply.',
    remedy:
      'Correct the document in MongoDB; its next change clears the dead letter. Other documents are not affected.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6002': {
    title: 'A row is too large',
    cause: 'The encoded row of the document is larger than EMCACHERS_ROW_BYTES_MAX.',
    remedy: 'Keep fewer or smaller values of the document in the shape, or raise EMCACHERS_ROW_BYTES_MAX and restart.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6003': {
    title: 'A column cannot hold a value',
    cause:
      'The column type cannot hold the value, and the column says that such a document is refused, not stored with NULL.',
    remedy: 'Correct the document in MongoDB, or create the entity again with another type for the column.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6004': {
    title: 'PostgreSQL refused a document',
    cause: 'PostgreSQL could not store the row of the document.',
    remedy: 'Read the reason of the dead letter. Other documents are not affected.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6005': {
    title: 'A value failed its entity',
    cause: 'A column type cannot hold a value, and the column says that its entity then fails.',
    remedy: 'Correct the document in MongoDB and refresh the entity. Its caches keep serving the rows that they have.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-7001': {
    title: 'No such cache',
    cause: 'The data directory has no published cache of this entity.',
    remedy:
      'Check the data directory and the name of the entity. If the entity is new, wait with `openCacheWhenPublished`.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-7002': {
    title: 'The cache is being built',
    cause: 'The first scan of the entity is not complete, so that its cache is not published.',
    remedy: 'Wait with `openCacheWhenPublished`, or try again later.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-7003': {
    title: 'The entity is gone',
    cause: 'The cache was open, and its entity was deleted or is no longer kept on this node.',
    remedy: 'Close the cache. If the entity is created again, the same handle reads the new cache.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-7004': {
    title: 'The file is not the cache that was asked for',
    cause:
      'The file is not a cache, belongs to another entity or generation, or lacks a column that the program needs.',
    remedy: 'If a column is missing, generate the types again with `emcachers-types`. Otherwise rebuild the cache.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-7005': {
    title: 'The cache did not reach the place in time',
    cause: 'The engine is stopped, cannot reach MongoDB or PostgreSQL, or is further behind than the time-out allows.',
    remedy:
      'Nothing was read. Read anyway if an older place is enough, wait longer, or read from MongoDB; check the lag of the entity.',
    retry: 'never',
    httpStatus: 504,
  },
  'EMC-7006': {
    title: 'Unfit version of Node.js or SQLite',
    cause: 'Caches need the module node:sqlite of Node.js with SQLite 3.37 or newer.',
    remedy: 'Use Node.js 22.16 or newer.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-7007': {
    title: 'A read-only directory lacks files that SQLite needs',
    cause:
      'SQLite reads a cache without write access only if its -wal and -shm files exist, and this cache was copied without them or has never been opened by an engine in this directory.',
    remedy:
      'Start the engine on the directory once: it creates the files and leaves them in place. Or give this process write access to the directory of the cache.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-7008': {
    title: 'A cache cannot be read',
    cause: 'The file is damaged or locked, or the process lacks permissions or file descriptors.',
    remedy: 'See the message of SQLite. The engine replaces a damaged file; the next statement then reads the new one.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-7009': {
    title: 'The cache is closed',
    cause: 'The program used a cache after it had closed it.',
    remedy: 'Open the cache again, or close it later.',
    retry: 'never',
    httpStatus: 500,
  },
  ...requestErrorCodes,
  ...shapeErrorCodes,
  ...startErrorCodes,
  ...fleetErrorCodes,
} as const satisfies Record<string, ErrorCodeEntry>;

/** A code of the catalogue, for example `EMC-1001`. */
export type ErrorCode = keyof typeof errorCodes;

/** True for a code of the catalogue: a stored one may be older than it. */
export function isErrorCode(code: string | null): code is ErrorCode {
  return code !== null && Object.hasOwn(errorCodes, code);
}
