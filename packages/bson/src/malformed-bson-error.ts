/** Bytes that are not well-formed BSON. Each caller of this package converts it to its own error class. */
export class MalformedBsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedBsonError';
  }
}
