/** Thrown where a test needs something that this runner does not do on purpose; the test is skipped with the reason. */
export class OutOfScope extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'OutOfScope';
  }
}
