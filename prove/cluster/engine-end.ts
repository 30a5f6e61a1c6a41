/** How a process of an engine ended, and what had been asked of it. */
export interface EngineEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it logged, the newest at the end. */
  readonly words: string;
  /** Signals that were sent to end it. */
  readonly asked: ReadonlySet<string>;
  /** It was started so that it kills itself at a crash point. */
  readonly mayCrash: boolean;
  /** It has listened. */
  readonly wasReady: boolean;
}

/** A start that a server does not answer is refused; what runs survives the same. */
const serverAway = /^EMC-(?:2001|3001) /m;
const wordsShownMax = 2_000;

/** Why the end is a fault of the engine; null if it was asked for, or the faults around it explain it. */
export function wrongEnd(end: EngineEnd): string | null {
  if (isAsked(end) || (!end.wasReady && end.code === 1 && serverAway.test(end.words))) return null;
  const how = end.code === null ? `by ${end.signal}` : `with exit code ${end.code}`;
  const asked = end.asked.size === 0 ? 'although nobody asked for it' : `after ${[...end.asked].join(', ')}`;
  return `an engine ended ${how} ${asked}: ${end.words.slice(-wordsShownMax)}`;
}

function isAsked({ code, signal, asked, mayCrash, wasReady }: EngineEnd): boolean {
  if (signal === 'SIGKILL') return mayCrash || asked.has('SIGKILL');
  if (!asked.has('SIGTERM')) return false;
  // Before it listens for signals, SIGTERM ends any process.
  return code === 0 || (signal === 'SIGTERM' && !wasReady);
}
