/** Addresses on which a server listens on every interface; a client of this machine reaches it by loopback. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The address at which this machine reaches an engine with this `ENGINE_HOST` and `ENGINE_PORT`, without a final slash. */
export function engineUrl(host: string, port: number): string {
  const reachable = loopbackOf[host] ?? host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
