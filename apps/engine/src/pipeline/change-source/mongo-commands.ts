/** Sends commands to MongoDB. Replies with user documents stay raw; metadata is decoded to the driver's types. */
import { type Document, type MongoClient, ReadPreference, Timestamp } from 'mongodb';

/** Leaves documents in the reply as raw bytes. */
export const rawReply = { raw: true, readPreference: ReadPreference.primary } as const;
/** Decodes the reply. For metadata only, never for user documents. */
export const plainReply = { readPreference: ReadPreference.primary } as const;

export interface CommandTarget {
  readonly client: MongoClient;
  readonly database: string;
}

export function runRaw({ client, database }: CommandTarget, command: Document): Promise<Document> {
  return client.db(database).command(command, rawReply);
}

export function runPlain({ client, database }: CommandTarget, command: Document): Promise<Document> {
  return client.db(database).command(command, plainReply);
}

/** A BSON timestamp as an integer: seconds in the high 32 bits. */
export function toClusterTime(timestamp: unknown): bigint {
  if (!(timestamp instanceof Timestamp)) throw new TypeError('MongoDB did not return an operation time.');
  return (BigInt(timestamp.getHighBitsUnsigned()) << 32n) | BigInt(timestamp.getLowBitsUnsigned());
}

export function toTimestamp(clusterTime: bigint): Timestamp {
  return new Timestamp(clusterTime);
}
