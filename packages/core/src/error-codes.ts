/**
 * The closed catalogue of errors. A code is never reused. `cause` and `remedy` are shown in the API, the CLI and the
 * console; `retry` says what the engine does by itself.
 * EMC-1xxx configuration and start, 2xxx MongoDB, 3xxx PostgreSQL, 4xxx cache files, 5xxx requests, 6xxx documents.
 */
export type RetryPolicy = 'never' | 'backoff' | 'rescan' | 'rebuild';

export interface ErrorCodeEntry {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
  readonly retry: RetryPolicy;
  /** Status of the HTTP answer when a request meets this error. */
  readonly httpStatus: number;
}

export const errorCodes = {
  'EMC-1001': {
    title: 'A setting is wrong',
    cause: 'An environment variable or a value in the configuration file does not pass its check.',
    remedy: 'Correct the variable that the message names and start again.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1002': {
    title: 'A port is taken',
    cause: 'Another program listens on the port.',
    remedy: 'Stop the other program or set the variable that the message names to a free port.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1003': {
    title: 'The data directory cannot be used',
    cause: 'It cannot be written, or another engine holds it.',
    remedy: 'Correct its permissions, stop the other engine, or set EMCACHERS_DATA_DIR to another directory.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-1004': {
    title: 'A token is needed for this address',
    cause: 'ENGINE_HOST is not a loopback address and EMCACHERS_TOKEN is not set.',
    remedy: 'Set EMCACHERS_TOKEN, or bind to 127.0.0.1.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-2001': {
    title: 'MongoDB cannot be reached',
    cause: 'No server answered at MONGO_URL, or it refused the connection.',
    remedy: 'Check MONGO_URL and that the replica set has a primary. The engine keeps trying.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2002': {
    title: 'MongoDB is not a replica set',
    cause: 'Change streams need a replica set or a sharded cluster.',
    remedy: 'Start mongod with --replSet and initiate it, or point MONGO_URL at a replica set.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2003': {
    title: 'The place in the change stream is lost',
    cause: "MongoDB no longer keeps the history after the engine's resume token.",
    remedy: 'Nothing to do: every entity is scanned again under a new version while caches keep serving.',
    retry: 'rescan',
    httpStatus: 503,
  },
  'EMC-2004': {
    title: 'The change stream failed',
    cause: 'MongoDB ended the change stream with an error that a retry may cure.',
    remedy: 'The engine reopens the stream at its last saved place. If it lasts, read the MongoDB error in the log.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2005': {
    title: 'The source changed under a scan',
    cause: 'The collection was dropped, renamed or created again while it was being read.',
    remedy: 'Nothing to do: the scan starts again.',
    retry: 'rescan',
    httpStatus: 503,
  },
  'EMC-2006': {
    title: 'The saved place would go back',
    cause: 'A resume token older than the saved one, or one of a stream that was started over since, was to be saved.',
    remedy: 'Nothing to do: the stream is reopened at the saved place, and no change is lost.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-2007': {
    title: 'The source cannot be copied',
    cause: 'It is a view or a time-series collection, for which MongoDB has no change stream, or it may not be read.',
    remedy: 'Define the entity on the collection behind it, or grant the right to read it, then refresh.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-2008': {
    title: 'A change of an unknown kind',
    cause:
      'MongoDB sent a change event that this version of the engine does not know; passing it over could lose data.',
    remedy: 'Update the engine. Caches keep serving what they have.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3001': {
    title: 'PostgreSQL cannot be reached',
    cause: 'No server answered at DATABASE_URL, or it refused the connection.',
    remedy: 'Check DATABASE_URL and that PostgreSQL runs. The engine keeps trying; caches keep serving.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-3002': {
    title: 'This engine is no longer the leader',
    cause: 'Another node took a newer epoch; what this one wanted to write was refused.',
    remedy: 'Nothing to do: this node stands by and takes over when the leader goes.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-3003': {
    title: 'The database has another history',
    cause: 'PostgreSQL was restored or replaced: ids that this node has applied mean something else now.',
    remedy: 'Nothing to do: the caches of this node are rebuilt beside the old ones.',
    retry: 'rebuild',
    httpStatus: 503,
  },
  'EMC-3004': {
    title: 'A sweep would delete too much',
    cause: 'A scan found far fewer documents than the cache holds; that can be an incomplete scan.',
    remedy: 'Check the source collection. If the documents are really gone, refresh with "allow large deletions".',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-3005': {
    title: 'The database schema does not fit',
    cause: 'A migration failed, was changed after it was applied, or comes from a newer engine.',
    remedy: 'Start the engine version that made the database, or point DATABASE_URL at another database.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-4001': {
    title: 'A cache file is damaged',
    cause: 'SQLite found the file corrupt, or it is not a cache of this entity.',
    remedy: 'Nothing to do: a new generation is built from the oplog; the old file is kept until then.',
    retry: 'rebuild',
    httpStatus: 503,
  },
  'EMC-4002': {
    title: 'The disk is full',
    cause: 'SQLite could not write: no space is left where the caches are.',
    remedy: 'Free space in the data directory. Applying goes on by itself; nothing is lost.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-4003': {
    title: 'A cache file cannot be opened',
    cause: 'Permissions, too many open files, or an input/output error.',
    remedy: 'Read the cause in the log; correct permissions or raise the limit of open files.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-5001': {
    title: 'The request is not valid',
    cause: 'A field is missing or wrong.',
    remedy: 'Correct the fields named in the answer.',
    retry: 'never',
    httpStatus: 400,
  },
  'EMC-5002': {
    title: 'No such entity',
    cause: 'No entity has this name; it may have been deleted.',
    remedy: 'List the entities and check the name.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5003': {
    title: 'The entity exists',
    cause: 'An entity has this name already; names do not differ by case alone.',
    remedy: 'Choose another name, or delete the entity first.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5004': {
    title: 'Not possible in this state',
    cause: "The entity's present activity does not allow this.",
    remedy: 'Wait until the entity is in a state that allows it; the message names it.',
    retry: 'never',
    httpStatus: 409,
  },
  'EMC-5005': {
    title: 'No such job',
    cause: 'No job has this id, or its record has expired.',
    remedy: 'List the jobs of the entity.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5006': {
    title: 'A token is needed',
    cause: 'The request carries no token, or a wrong one.',
    remedy: 'Send the value of EMCACHERS_TOKEN as a bearer token.',
    retry: 'never',
    httpStatus: 401,
  },
  'EMC-5007': {
    title: 'Not available yet',
    cause: 'This version of the engine does not carry out this operation.',
    remedy: 'See the documentation for what this version can do.',
    retry: 'never',
    httpStatus: 501,
  },
  'EMC-5008': {
    title: 'The engine does not answer',
    cause: 'The console passes every call on to the engine, and nothing answered at its address.',
    remedy:
      'Check that the engine runs, and ENGINE_HOST and ENGINE_PORT if it runs elsewhere. Cache files keep serving.',
    retry: 'backoff',
    httpStatus: 503,
  },
  'EMC-5009': {
    title: 'The call comes from a foreign page',
    cause: 'A page that is not the console tried to use it, or the console was opened by a name it does not know.',
    remedy: 'Open the console by http://127.0.0.1 or http://localhost with its port.',
    retry: 'never',
    httpStatus: 403,
  },
  'EMC-5010': {
    title: 'The idempotency key was used for another request',
    cause: 'The same Idempotency-Key came with a different body.',
    remedy: 'Use a new key for a new request.',
    retry: 'never',
    httpStatus: 422,
  },
  'EMC-5011': {
    title: 'No such address',
    cause: 'The engine serves nothing under this path and method.',
    remedy: 'See /api/docs for what it serves.',
    retry: 'never',
    httpStatus: 404,
  },
  'EMC-5999': {
    title: 'Internal error',
    cause: 'The engine met a state that it did not expect.',
    remedy: 'Look for the correlation id in the log and report it.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-6001': {
    title: 'A document could not be projected',
    cause: 'Its bytes are not valid BSON, or a value cannot be held by the column and the shape says to refuse it.',
    remedy: 'Correct the document in MongoDB; its next change clears this. The rest of the entity is not affected.',
    retry: 'never',
    httpStatus: 500,
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
