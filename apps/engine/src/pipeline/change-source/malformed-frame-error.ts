import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';

/** What came from the server is not BSON, or its frame is cut short: a defect of the server or of the network between. */
export class MalformedFrameError extends Error {
  constructor(message: string, cause?: unknown) {
    super(`MongoDB sent a malformed frame: ${message}.`, { cause });
    this.name = 'MalformedFrameError';
  }
}

/** Runs `read` on bytes from the server: those that are not BSON become a `MalformedFrameError`. */
export function readFrame<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedBsonError)) throw error;
    throw new MalformedFrameError(error.message.replace(/\.$/, ''), error);
  }
}
