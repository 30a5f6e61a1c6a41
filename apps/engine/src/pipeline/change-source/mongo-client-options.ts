/** Limits of a client of ours. */
export interface MongoClientOptions {
  /** How long a call waits for a primary, and for a connection, before it fails, milliseconds. */
  readonly selectionMsMax: number;
  /** Connections to each server. The open stream and each scan use one. */
  readonly connectionsMax: number;
}

export const mongoClientDefaults: MongoClientOptions = { selectionMsMax: 3_000, connectionsMax: 10 };
