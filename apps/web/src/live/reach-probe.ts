import { signInAgain } from '../access/sign-in-again.ts';
import type { Reach } from './silence.ts';

/** The answer of `/api/reach`, which the console's own server gives. */
export interface ReachAnswer {
  readonly engine: 'answers' | 'silent';
}

/** Longer than the server waits for the engine, so that silence of the engine is not taken for silence of the server. */
const answerMsMax = 4_000;

export type ReachProbe = (signal: AbortSignal) => Promise<Reach>;

/** How far a request gets: a refused connection is the browser's way, an accepted one without an answer the server. */
export const probeReach: ReachProbe = async (signal) => {
  const late = AbortSignal.timeout(answerMsMax);
  try {
    const answer = await fetch('/api/reach', { cache: 'no-store', signal: AbortSignal.any([signal, late]) });
    signInAgain(answer, location);
    if (!answer.ok) return 'console';
    const { engine }: ReachAnswer = await answer.json();
    return engine === 'answers' ? 'engine' : 'gateway';
  } catch {
    return late.aborted ? 'console' : 'nowhere';
  }
};
