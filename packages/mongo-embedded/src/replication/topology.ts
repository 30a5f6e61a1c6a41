import type { ServerState } from '../server-state.ts';
import type { ClientConnection } from '../wire/client-connection.ts';

/** The members as `hello` and `serverStatus` report them. */
export interface Topology {
  readonly hosts: readonly string[];
  readonly isWritablePrimary: boolean;
  readonly secondary: boolean;
  readonly me: string;
  readonly primary?: string;
}

/** A server that is alone is the primary, under the address that the client has used. */
export function topologyOf({ member }: ServerState, { serverAddress }: ClientConnection): Topology {
  if (member === null)
    return {
      hosts: [serverAddress],
      isWritablePrimary: true,
      secondary: false,
      primary: serverAddress,
      me: serverAddress,
    };
  return {
    hosts: member.members.map(({ address }) => address),
    isWritablePrimary: member.role === 'primary',
    secondary: member.role === 'secondary',
    me: member.address,
    ...(member.primary === null ? {} : { primary: member.primary }),
  };
}

/** The topology of a server that is alone never changes; this is its counter once it is primary. */
const topologyCounterAlone = 6;

/** The counter in `topologyVersion`. */
export function topologyCounterOf({ member }: ServerState): number {
  return member?.topologyCounter ?? topologyCounterAlone;
}
