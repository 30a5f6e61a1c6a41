/** A thread of a unified test: its operations run in order, beside those of the test itself. */

/** How long a thread may take to finish once it is waited for; the format asks for ten seconds. */
const WAIT_MS_MAX = 10_000;

export class TestThread {
  private tail: Promise<void> = Promise.resolve();

  run(operation: () => Promise<void>): void {
    this.tail = this.tail.then(operation);
    // Whoever waits for the thread sees the failure.
    this.tail.catch(() => undefined);
  }

  /** Resolves when the last operation is done; rejects with the first failure, or when it takes too long. */
  async done(): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`the thread was not done within ${WAIT_MS_MAX} ms`)), WAIT_MS_MAX);
    try {
      await Promise.race([this.tail, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
