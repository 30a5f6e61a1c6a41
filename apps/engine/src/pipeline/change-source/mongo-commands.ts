/** Sends commands to MongoDB. Replies with user documents stay raw; metadata is decoded to the driver's types. */
import { isSocketError } from '@emcachers/core/socket-error';
import {
  type Document,
  type MongoClient,
  MongoNetworkError,
  ReadPreference,
  type RunCommandOptions,
  Timestamp,
} from 'mongodb';

/** Leaves documents in the reply as raw bytes. */
export const rawReply = { raw: true, readPreference: ReadPreference.primary } as const;
/** Decodes the reply. For metadata only, never for user documents. */
export const plainReply = { readPreference: ReadPreference.primary } as const;

export interface CommandTarget {
  readonly client: MongoClient;
  readonly database: string;
}

export function runRaw(target: CommandTarget, command: Document): Promise<Document> {
  return runCommand(target, command, rawReply);
}

export function runPlain(target: CommandTarget, command: Document): Promise<Document> {
  return runCommand(target, command, plainReply);
}

/**
 * Every command passes here. The driver wraps the errors of a lost connection, except one that comes while the command waits
 * for room in the socket's buffer; unwrapped, that one would look like a defect.
 */
export async function runCommand(
  { client, database }: CommandTarget,
  command: Document,
  options: RunCommandOptions,
): Promise<Document> {
  try {
    return await client.db(database).command(command, options);
  } catch (error) {
    throw isSocketError(error) ? new MongoNetworkError(error.message, { cause: error }) : error;
  }
}

/** A BSON timestamp as an integer: seconds in the high 32 bits. */
export function toClusterTime(timestamp: unknown): bigint {
  if (!(timestamp instanceof Timestamp)) throw new TypeError('MongoDB did not return an operation time.');
  return (BigInt(timestamp.getHighBitsUnsigned()) << 32n) | BigInt(timestamp.getLowBitsUnsigned());
}

export function toTimestamp(clusterTime: bigint): Timestamp {
  return new Timestamp(clusterTime);
}
