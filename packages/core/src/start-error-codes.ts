/**
 * The codes of what a server must be like before the engine can start, a part of the catalogue in `error-codes.ts`. Waiting
 * does not mend any of them, so each ends the start.
 */
export const startErrorCodes = {
  'EMC-1005': {
    title: 'The engine could not start',
    cause: 'The start failed for a reason that the engine does not know.',
    remedy: 'Read the message and the trace below it. If they do not name what to change, report them.',
    retry: 'never',
    httpStatus: 500,
  },
  'EMC-2014': {
    title: 'MongoDB refuses the user or the password',
    cause: 'The server at MONGO_URL answered and refused the login.',
    remedy:
      'Correct the user, the password, authSource and authMechanism in MONGO_URL. Special characters in them must be percent-encoded.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2015': {
    title: 'No MongoDB server fits the read preference',
    cause: 'MONGO_URL sets a readPreference that none of the servers that answer can serve.',
    remedy: 'Remove readPreference from MONGO_URL: the engine reads from the primary whatever it says.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2016': {
    title: 'Another replica set answers',
    cause: 'The servers at MONGO_URL belong to a replica set of another name than MONGO_URL says.',
    remedy: 'Correct replicaSet in MONGO_URL, or the addresses.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2017': {
    title: 'The TLS connection to MongoDB fails',
    cause: 'The certificate of the server is not trusted or not valid, or a file of the TLS options is not usable.',
    remedy: 'Correct the tls options of MONGO_URL, for example tlsCAFile, or the certificate of the server.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2018': {
    title: 'MongoDB refuses the change stream',
    cause: 'The user of MONGO_URL has no right to follow the changes of all databases.',
    remedy:
      'Grant the user the actions find and changeStream on all databases, for example with the role readAnyDatabase.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2019': {
    title: 'The version of MongoDB is too old',
    cause: 'The engine needs change streams that split large events, which MongoDB has since version 6.0.9.',
    remedy: 'Upgrade MongoDB to version 6.0.9, 7.0 or later.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-2021': {
    title: 'The oplog of MongoDB is short',
    cause:
      'At its present rate of changes, MongoDB will soon remove changes that the engine has not read. The position of the stream is then lost, and every entity is scanned again.',
    remedy:
      'If the engine is behind, see why: MongoDB or PostgreSQL is slow or away. Otherwise make the oplog larger, for example with replSetResizeOplog or storage.oplogMinRetentionHours.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3007': {
    title: 'PostgreSQL refuses the connection',
    cause: 'The server at DATABASE_URL answered and refused the role, the password, the database or this address.',
    remedy:
      'Correct the role, the password and the database in DATABASE_URL, or pg_hba.conf of the server. Special characters must be percent-encoded.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3008': {
    title: 'A right in PostgreSQL is missing',
    cause: 'The role of DATABASE_URL may not create tables in its schema, or does not own the tables of the engine.',
    remedy:
      'Make the role the owner of the database, or grant it CREATE on the schema and the ownership of the tables.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3009': {
    title: 'PostgreSQL cannot be written',
    cause: 'The server at DATABASE_URL is a standby, or its transactions are read-only by default.',
    remedy:
      'Point DATABASE_URL at the primary, or set default_transaction_read_only to off for the role and the database.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3010': {
    title: 'PostgreSQL is not as the engine needs it',
    cause: 'The version, the encoding of the database or the number of allowed connections does not suffice.',
    remedy: 'Change what the message names, or point DATABASE_URL at another server or database.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3011': {
    title: 'A pooler shares the connections to PostgreSQL',
    cause:
      'A pooler in transaction or statement mode answers at DATABASE_URL. Notifications, session locks and prepared statements do not work through it.',
    remedy: 'Point DATABASE_URL at PostgreSQL itself, or at a pool in session mode.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-3012': {
    title: 'The TLS connection to PostgreSQL fails',
    cause: 'The server does not offer TLS, or its certificate is not trusted or not valid.',
    remedy: 'Correct sslmode and sslrootcert in DATABASE_URL, or the certificate of the server.',
    retry: 'never',
    httpStatus: 503,
  },
} as const;
