import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** A user who may log in. */
export interface UserOptions {
  readonly name: string;
  readonly password: string;
  /** The database that the user is defined in, which clients name as `authSource`. Default `admin`. */
  readonly database?: string;
}

/** What the server keeps of a user: no password, and nothing that a client could log in with. */
export interface Credential {
  readonly name: string;
  readonly database: string;
  readonly salt: Buffer;
  readonly iterations: number;
  /** Verifies the client's proof. */
  readonly storedKey: Buffer;
  /** Signs the server's last message. */
  readonly serverKey: Buffer;
}

/** Rounds of the password hash: mongod's `scramSHA256IterationCount`. RFC 7677 asks for at least 4096. */
const iterationsDefault = 15_000;
const saltBytes = 28;
const printableAscii = /^[\x20-\x7e]+$/;

export function hmacOf(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/**
 * Hashes a user's password. Source: RFC 5802, section 3, with SHA-256 (RFC 7677).
 *
 * SASLprep (RFC 4013) leaves printable ASCII as it is. The server does not implement the rest of it, so any other name
 * or password throws a TypeError, which does not quote the password.
 */
export function createCredential({ name, password, database = 'admin' }: UserOptions): Credential {
  if (!printableAscii.test(name) || !printableAscii.test(database))
    throw new TypeError('A user name and its database must be printable ASCII and not empty');
  if (!printableAscii.test(password))
    throw new TypeError(`The password of user ${name} must be printable ASCII and not empty`);
  const salt = randomBytes(saltBytes);
  const saltedPassword = pbkdf2Sync(password, salt, iterationsDefault, 32, 'sha256');
  return {
    name,
    database,
    salt,
    iterations: iterationsDefault,
    storedKey: hashOf(hmacOf(saltedPassword, 'Client Key')),
    serverKey: hmacOf(saltedPassword, 'Server Key'),
  };
}
