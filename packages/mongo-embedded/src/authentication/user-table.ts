import { type Credential, createCredential, type UserOptions } from './credential.ts';

/** The users who may log in. Without any user, the server asks nobody to log in. */
export class UserTable {
  readonly #credentials: ReadonlyMap<string, Credential>;

  /** Throws a TypeError if a name or password is not printable ASCII, or if two users have the same name and database. */
  constructor(users: readonly UserOptions[]) {
    const credentials = users.map(createCredential);
    this.#credentials = new Map(credentials.map((each) => [keyOf(each.database, each.name), each]));
    if (this.#credentials.size < users.length) throw new TypeError('Two users have the same name and database');
  }

  get isEmpty(): boolean {
    return this.#credentials.size === 0;
  }

  find(database: string, name: string): Credential | null {
    return this.#credentials.get(keyOf(database, name)) ?? null;
  }
}

function keyOf(database: string, name: string): string {
  return `${database}.${name}`;
}
