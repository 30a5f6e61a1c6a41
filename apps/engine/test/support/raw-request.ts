import { once } from 'node:events';
import { connect } from 'node:net';

/** An answer as it came over the connection; `status` is 0 if the connection was closed without one. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Sends these bytes, so that also what no HTTP client would send reaches the server, and reads until it closes the connection. */
export async function sendRaw(url: string, text: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  // A server that refuses early resets the connection while we still write.
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]);
  return { status: Number(first.split(' ')[1] ?? 0), headers: new Headers(pairs), body: rest.join('\r\n\r\n') };
}

/** A request with these headers, on a connection that the server then closes. */
export function requestText(line: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const all = { connection: 'close', ...headers };
  return [`${line} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), '', body].join(
    '\r\n',
  );
}
