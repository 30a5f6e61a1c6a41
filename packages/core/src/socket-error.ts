/** Codes of a connection that ended, by the layer that reports them: the operating system, then Node's streams. */
const socketErrorCodes: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTCONN',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/**
 * True if the error says that a connection ended or could not be made. Drivers wrap most of these errors, but pass some on as
 * they are: MongoDB's does so when the connection ends while a command waits for room in the socket's buffer.
 */
export function isSocketError(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && socketErrorCodes.has(error.code)
  );
}
