export interface IdempotentCall {
  /** The client's Idempotency-Key; null runs the action without a record. */
  readonly key: string | null;
  readonly route: string;
  readonly body: unknown;
}

/**
 * A client that did not hear the answer asks again with the same key and gets the first answer, not a second entity.
 * EMC-5010 where the key came with another body. Answers are kept for a day.
 */
export interface Idempotency {
  once<Answer>(call: IdempotentCall, action: () => Promise<Answer>): Promise<Answer>;
}
