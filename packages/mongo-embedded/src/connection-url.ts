import { replicaSetName } from './server-state.ts';

/** The URL with which a driver connects to the members of a set. `addresses` are `host:port`. */
export function connectionUrl(addresses: readonly string[], hasTls: boolean): string {
  const tls = hasTls ? '&tls=true' : '';
  return `mongodb://${addresses.join(',')}/?replicaSet=${replicaSetName}${tls}`;
}
