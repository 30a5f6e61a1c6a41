import type { LiveState } from './live-state.ts';

/** Facts older than this say nothing about now: every status that is shown from them becomes unknown. */
export const freshMsMax = 5_000;

/** How far a probe got on its way from this page to the engine; see `reach-probe.ts`. */
export type Reach = 'nowhere' | 'console' | 'gateway' | 'engine';

/**
 * Why the page has no fresh facts: the one place at which the way from the engine to this page is interrupted. Silence of
 * PostgreSQL or MongoDB is not among them, because the engine then still sends views, which say so themselves.
 */
export type Silence = 'paused' | 'background' | 'unplaced' | 'browser' | 'gateway' | 'engine' | 'stream';

interface SilenceFacts {
  /** Age of the newest facts, milliseconds. */
  readonly ageMs: number;
  readonly state: LiveState['kind'];
  /** The newest probe; null before the first has ended. */
  readonly reach: Reach | null;
}

/** Null while the facts are fresh. */
export function silenceOf({ ageMs, state, reach }: SilenceFacts): Silence | null {
  if (ageMs <= freshMsMax) return null;
  if (state === 'paused') return 'paused';
  if (state === 'hidden') return 'background';
  return reach === null ? 'unplaced' : brokenAfter[reach];
}

const brokenAfter: Readonly<Record<Reach, Silence>> = {
  nowhere: 'browser',
  console: 'gateway',
  gateway: 'engine',
  engine: 'stream',
};

interface SilenceWords {
  /** One sentence, without its full stop. */
  readonly cause: string;
  /** What it means for applications, and what to do. */
  readonly effect: string;
}

export const silenceWords: Readonly<Record<Silence, SilenceWords>> = {
  paused: {
    cause: 'Updates of this page are paused',
    effect: 'The engine and the caches are not affected. Resume updates to see their state.',
  },
  background: {
    cause: 'Updates stopped while this tab was in the background',
    effect: 'They continue when the tab is shown.',
  },
  unplaced: {
    cause: 'No update has arrived',
    effect: 'The console is finding out where updates stop.',
  },
  browser: {
    cause: 'This browser cannot reach the console',
    effect:
      'The network is down or the console has stopped. The engine and the caches do not need the console: they may be well.',
  },
  gateway: {
    cause: 'The console’s server does not answer',
    effect: 'The engine and the caches do not need it: they may be well. If this persists, restart the console.',
  },
  engine: {
    cause: 'The engine does not answer',
    effect:
      'Applications can still read the caches of this node, but they may receive no changes until the engine runs again. Check the engine’s process and its log.',
  },
  stream: {
    cause: 'The engine answers, but sends no updates',
    effect: 'The console keeps reconnecting. If this persists, check the engine’s log.',
  },
};
