/** Bytes that are not well-formed BSON. Each user of this package turns it into an error of its own at its boundary. */
export class MalformedBsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedBsonError';
  }
}
