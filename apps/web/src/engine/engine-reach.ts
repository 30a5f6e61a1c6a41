import type { ConsoleEnvironment } from '../env.ts';
import type { ReachAnswer } from '../live/reach-probe.ts';

/** The engine answers this route without its databases, so a late answer means that the process itself stands still. */
const answerMsMax = 2_000;

interface ReachCall {
  readonly environment: ConsoleEnvironment;
  readonly fetch: typeof globalThis.fetch;
}

/** Whether the engine's process answers, for a page that receives nothing from it. */
export async function reachEngine({ environment, fetch }: ReachCall): Promise<ReachAnswer> {
  try {
    const answer = await fetch(`${environment.engineUrl}/healthz`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(answerMsMax),
    });
    await answer.body?.cancel();
    return { engine: 'answers' };
  } catch {
    return { engine: 'silent' };
  }
}
