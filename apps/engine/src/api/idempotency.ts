import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { IdempotencyStore, KeyedAttempt } from '@emcachers/db/job/idempotency-store';

/** A mutation that a client has sent. */
export interface IdempotentCall {
  /** The client's Idempotency-Key; null runs the action without a record. */
  readonly key: string | null;
  readonly route: string;
  readonly body: unknown;
  readonly correlationId: string;
}

export interface IdempotentAnswer<Answer> {
  readonly answer: Answer;
  /** True if this call has not run the action. */
  readonly isReplay: boolean;
}

/** `correlationId`: of the first attempt to carry out the request, by which an action finds what an earlier attempt has done. */
type Action<Answer> = (correlationId: string) => Promise<Answer>;

/**
 * A client that did not receive the answer sends the request again with the same key and gets the first answer instead of a second effect, from any
 * engine of the fleet, for a day (docs/decisions/0034-idempotent-requests.md). Equal requests at the same time wait for the one that runs.
 */
export interface Idempotency {
  /** Throws EMC-5010 if the key was used with a different body, EMC-7014 if the first request still runs. */
  once<Answer>(call: IdempotentCall, action: Action<Answer>): Promise<IdempotentAnswer<Answer>>;
}

/** How long a request waits for an equal one that runs, milliseconds. Most mutations take less than a second. */
const waitMsMax = 5_000;
/** Between two looks at a request that another process runs. */
const lookMs = 100;
/** The store takes an attempt for ended after three times as long. */
const renewMs = 10_000;

/**
 * Requests with a key that this process carries out. Equal ones wait here, so that a hundred of them do not need a hundred connections to
 * PostgreSQL. As many as there are open requests at most. Worst case: this process dies between the effect and the answer; the next attempt then
 * runs the action again, and the action must find what the first has done.
 */
export function createIdempotency({ store, clock }: { store: IdempotencyStore; clock: Clock }): Idempotency {
  const running = new Map<string, Running>();
  return {
    async once<Answer>(call: IdempotentCall, action: Action<Answer>): Promise<IdempotentAnswer<Answer>> {
      const { key, correlationId } = call;
      if (key === null) return { answer: await action(correlationId), isReplay: false };
      const requestHash = hashOf(call);
      const first = running.get(key);
      // The hash includes the route, so the answer has the type of this route's answer.
      if (first !== undefined)
        return { answer: (await follow(first, { key, requestHash, clock })) as Answer, isReplay: true };
      const attempt = { key, requestHash, attemptId: randomUUID(), correlationId };
      const answer = carryOut({ store, clock, attempt, action });
      running.set(key, { requestHash, answer });
      try {
        const { value, isReplay } = await answer;
        return { answer: value as Answer, isReplay };
      } finally {
        running.delete(key);
      }
    },
  };
}

interface Running {
  readonly requestHash: string;
  readonly answer: Promise<Outcome>;
}

interface Outcome {
  readonly value: unknown;
  readonly isReplay: boolean;
}

interface Follower {
  readonly key: string;
  readonly requestHash: string;
  readonly clock: Clock;
}

async function follow(first: Running, { key, requestHash, clock }: Follower): Promise<unknown> {
  if (first.requestHash !== requestHash) throw otherRequest(key);
  const answered = new AbortController();
  const late = clock.sleep(waitMsMax, answered.signal).then(() => null);
  try {
    const outcome = await Promise.race([first.answer, late]);
    if (outcome === null) throw stillRunning(key);
    return outcome.value;
  } finally {
    answered.abort();
  }
}

interface Execution {
  readonly store: IdempotencyStore;
  readonly clock: Clock;
  readonly attempt: KeyedAttempt;
  readonly action: Action<unknown>;
}

async function carryOut({ store, clock, attempt, action }: Execution): Promise<Outcome> {
  const endMs = clock.monotonicMs() + waitMsMax;
  for (;;) {
    const state = await store.take(attempt);
    switch (state.kind) {
      case 'taken':
        return {
          value: await run({ store, clock, attempt, action: () => action(state.correlationId) }),
          isReplay: false,
        };
      case 'answered':
        return { value: state.response, isReplay: true };
      case 'other-request':
        throw otherRequest(attempt.key);
      case 'running':
        if (clock.monotonicMs() >= endMs) throw stillRunning(attempt.key);
        await clock.sleep(lookMs);
    }
  }
}

/** Runs the action while the key is held, and stores what came of it. */
async function run({
  store,
  clock,
  attempt,
  action,
}: Omit<Execution, 'action'> & { action: () => Promise<unknown> }): Promise<unknown> {
  const ended = new AbortController();
  const renewing = renew({ store, clock, attempt }, ended.signal);
  try {
    const value = await action();
    await store.answer(attempt, value);
    return value;
  } catch (error) {
    // If PostgreSQL does not answer now, the key becomes free by itself.
    await (hadNoEffect(error) ? store.forget(attempt) : store.leave(attempt)).catch(() => undefined);
    throw error;
  } finally {
    ended.abort();
    await renewing;
  }
}

/** A renewal that fails is repeated; the store allows for two that are missing. */
async function renew({ store, clock, attempt }: Omit<Execution, 'action'>, ended: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(renewMs, ended);
    if (ended.aborted) return;
    await store.renew(attempt).catch(() => undefined);
  }
}

/** A refused request has changed nothing; a failed one may have. */
function hadNoEffect(error: unknown): boolean {
  return error instanceof EmcachersError && error.entry.httpStatus < 500;
}

function hashOf({ route, body }: IdempotentCall): string {
  return createHash('sha256')
    .update(JSON.stringify([route, body]))
    .digest('hex');
}

function otherRequest(key: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-5010', detail: `The key ${key} was already used with a different body.` });
}

function stillRunning(key: string): EmcachersError {
  return new EmcachersError({
    code: 'EMC-7014',
    detail: `The first request with the key ${key} is still in progress.`,
  });
}
