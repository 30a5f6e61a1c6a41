import type { AppRouter } from '@emcachers/engine/api';
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client';
import { signInAgain } from '../access/sign-in-again.ts';

const url = '/api/trpc';
/** Calls that read the source can take seconds and would delay all other calls in their batch. */
const slowCalls = new Set(['sources.sample', 'sources.preview', 'sources.list']);
/** Each a little longer than the gateway's deadline (`engine-gateway.ts`), so that its answer names the engine. */
const answerMsMax = 13_000;
const slowAnswerMsMax = 33_000;

type Fetch = NonNullable<NonNullable<Parameters<typeof httpLink>[0]>['fetch']>;

/** Ends a call that the console's server does not answer; without this it would stay open for minutes. */
function fetchWithin(delayMsMax: number): Fetch {
  return async (input, init) => {
    const late = AbortSignal.timeout(delayMsMax);
    const left = init?.signal;
    const signal = left === undefined || left === null ? late : AbortSignal.any([left, late]);
    const answer = await fetch(String(input), { ...init, signal });
    signInAgain(answer, location);
    return answer;
  };
}

/** The browser's client for the engine; it uses the console's own address only. */
export function createBrowserClient(): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: httpSubscriptionLink({ url }),
        false: splitLink({
          condition: ({ type, path }) => type === 'mutation' || slowCalls.has(path),
          true: httpLink({ url, fetch: fetchWithin(slowAnswerMsMax) }),
          false: httpBatchLink({ url, fetch: fetchWithin(answerMsMax) }),
        }),
      }),
    ],
  });
}
