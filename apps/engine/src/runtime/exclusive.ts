/** Runs actions with the same key one after another, in the order of the calls. */
export class Exclusive {
  readonly #last = new Map<number, Promise<unknown>>();

  async run<Result>(key: number, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const own = before.then(action, action);
    this.#last.set(key, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}
