/**
 * Collects the calls that arrive while an earlier group is being worked on, and works on them as one group: a call on its own does
 * not wait, and many do not wait for each other one by one. Keeps I11: a group has at most `groupMax` members.
 */
interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const groupMax = 64;

export class Together<Item, Answer> {
  readonly #work: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #waiting: Waiting<Item, Answer>[] = [];
  #isWorking = false;

  /** `work` answers for each item, in their order. If it rejects, so does the call for each of them. */
  constructor(work: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#work = work;
  }

  add(item: Item): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.push({ item, resolve, reject });
    if (!this.#isWorking) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#isWorking = true;
    // Calls of the same turn of the event loop belong to the first group.
    await Promise.resolve();
    for (let group = this.#next(); group.length > 0; group = this.#next()) await this.#answer(group);
    this.#isWorking = false;
  }

  #next(): Waiting<Item, Answer>[] {
    return this.#waiting.splice(0, groupMax);
  }

  async #answer(group: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#work(group.map(({ item }) => item));
      for (const [index, answer] of answers.entries()) group[index]?.resolve(answer);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
