import type { Login } from '../authentication/login.ts';

/** The connection as commands see it. */
export interface ClientConnection {
  readonly id: number;
  /** `host:port` of this server as the client reached it. */
  readonly serverAddress: string;
  readonly clientAddress: string;
  /** `client.application.name` of the handshake. */
  applicationName: string | null;
  /** Whether the handshake has sent the client's metadata. */
  hasMetadata: boolean;
  readonly login: Login;
  /** The counter of the last topologyVersion that a hello on this connection returned; 0 before the first. */
  topologyCounterSent: number;
  /** Closes the connection without a reply. */
  destroy(): void;
}
