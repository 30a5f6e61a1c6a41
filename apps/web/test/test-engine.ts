import type { AppRouter } from '@emcachers/engine/api';
import { createTRPCClient, type Operation, type TRPCClient, TRPCClientError, type TRPCLink } from '@trpc/client';
import { type Observer, observable } from '@trpc/server/observable';
import type { LiveMessage } from '../src/trpc/live-message.ts';
import type { Answers, Procedure } from './answers.ts';

interface Call {
  readonly procedure: string;
  readonly input: unknown;
}

/** An engine in this process: a tRPC link that answers from `answers` and whose live stream the test drives. */
export interface TestEngine {
  readonly client: TRPCClient<AppRouter>;
  readonly calls: readonly Call[];
  /** Inputs of the calls of one procedure, oldest first. */
  readonly inputsOf: (procedure: Procedure) => readonly unknown[];
  /** Replaces or adds answers from now on. */
  readonly answer: (answers: Answers) => void;
  readonly push: (message: LiveMessage) => void;
  /** Ends every open stream with an error. */
  readonly breakStream: () => void;
  readonly openStreams: () => number;
  /** Procedures that were called although the test has no answer for them. */
  readonly unanswered: readonly string[];
}

type StreamObserver = Observer<{ result: { type: 'data'; data: unknown } }, TRPCClientError<AppRouter>>;

export function createTestEngine(first: Answers): TestEngine {
  const calls: Call[] = [];
  const unanswered: string[] = [];
  const streams = new Set<StreamObserver>();
  let answers = first;
  let sequence = 0;

  async function answerOf({ path, input }: Operation): Promise<unknown> {
    calls.push({ procedure: path, input });
    const answer = answers[path as Procedure] as ((input: unknown) => unknown) | undefined;
    if (answer !== undefined) return answer(input);
    unanswered.push(path);
    throw new Error(`The test has no answer for ${path}.`);
  }

  const link: TRPCLink<AppRouter> =
    () =>
    ({ op }) =>
      observable((observer) => {
        if (op.type === 'subscription') {
          calls.push({ procedure: op.path, input: op.input });
          const stream = observer as StreamObserver;
          streams.add(stream);
          return () => streams.delete(stream);
        }
        answerOf(op).then(
          (data) => {
            observer.next({ result: { type: 'data', data } });
            observer.complete();
          },
          (error: unknown) => observer.error(TRPCClientError.from(error as Error)),
        );
        return undefined;
      });

  return {
    client: createTRPCClient<AppRouter>({ links: [link] }),
    calls,
    inputsOf: (procedure) => calls.filter((call) => call.procedure === procedure).map((call) => call.input),
    answer: (more) => {
      answers = { ...answers, ...more };
    },
    push: (data) => {
      sequence += 1;
      for (const stream of streams) stream.next({ result: { type: 'data', data: { id: String(sequence), data } } });
    },
    breakStream: () => {
      for (const stream of [...streams]) stream.error(TRPCClientError.from(new Error('The stream ended.')));
    },
    openStreams: () => streams.size,
    unanswered,
  };
}
