/** What commands may know of the connection that they came in by. */
export interface ClientConnection {
  readonly id: number;
  /** `host:port` of this server as the client reached it. */
  readonly serverAddress: string;
  readonly clientAddress: string;
  /** `client.application.name` of the handshake. */
  applicationName: string | null;
  /** The handshake has brought the client's metadata. */
  hasMetadata: boolean;
  /** Drops the connection without an answer. */
  destroy(): void;
}
