import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type MongoClientOptions as DriverOptions, MongoClient } from 'mongodb';
import { type MongoClientOptions, mongoClientDefaults } from './mongo-client-options.ts';

/** What a client of ours is made from. */
export interface MongoClientDependencies extends Partial<MongoClientOptions> {
  /** The value of MONGO_URL. */
  readonly url: string;
}

/**
 * Creates a client without connecting, with options that never decode user data by accident (I13). Worst case: a wrong option
 * here changes values silently, so every option is listed explicitly below. Throws EMC-1001 if the URL is invalid.
 */
export function createMongoClient({ url, ...given }: MongoClientDependencies): MongoClient {
  const { selectionMsMax, connectionsMax } = { ...mongoClientDefaults, ...given };
  const options: DriverOptions = {
    appName: 'emcachers',
    serverSelectionTimeoutMS: selectionMsMax,
    connectTimeoutMS: selectionMsMax,
    maxPoolSize: connectionsMax,
    // After a step-down the driver finds the new primary at its next heartbeat, by default up to 10 s later.
    heartbeatFrequencyMS: 2000,
    // Nothing here decodes user documents. If a future change does, PCRE patterns and text that is not UTF-8 must not
    // make it throw.
    bsonRegExp: true,
    enableUtf8Validation: false,
    ignoreUndefined: false,
  };
  try {
    return new MongoClient(url, options);
  } catch (error) {
    // The driver's message may quote the URL, and the part before the @ may be a password.
    const message = error instanceof Error ? error.message.replaceAll(/\/\/[^@/]*@/g, '//…@') : String(error);
    throw new EmcachersError({ code: 'EMC-1001', detail: `MONGO_URL: ${message}`, cause: error });
  }
}

/** The driver opens the files of the TLS options only when it connects, and passes on what the file system says. */
export function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && error.syscall === 'open';
}

/** The driver passes on what the name server said about the records of a mongodb+srv address. */
export function isDnsError(error: unknown): error is Error & { readonly code: unknown } {
  return (
    error instanceof Error && 'syscall' in error && /^query(Srv|Txt)$/.test(String(error.syscall)) && 'code' in error
  );
}
