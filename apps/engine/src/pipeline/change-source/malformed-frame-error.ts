import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';

/** The server's reply is not BSON or is truncated: a defect of the server or of the network. */
export class MalformedFrameError extends Error {
  constructor(message: string, cause?: unknown) {
    super(`MongoDB sent a malformed frame: ${message}.`, { cause });
    this.name = 'MalformedFrameError';
  }
}

/** Runs `read` on bytes from the server. A `MalformedBsonError` becomes a `MalformedFrameError`. */
export function readFrame<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedBsonError)) throw error;
    throw new MalformedFrameError(error.message.replace(/\.$/, ''), error);
  }
}
