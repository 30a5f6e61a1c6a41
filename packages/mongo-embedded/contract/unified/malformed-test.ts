/** Thrown where a test is not of the format. No expectation of the test, such as an expected error, can be met by it. */
export class MalformedTest extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'MalformedTest';
  }
}
