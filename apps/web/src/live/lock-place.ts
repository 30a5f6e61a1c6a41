/** A tab's place in the line for the lock that only one tab of the browser holds. */
export interface Place {
  readonly wait: () => void;
  /** The tab that holds the lock has given a sign of life. */
  readonly noteSign: () => void;
}

export interface PlaceOptions {
  readonly locks: LockManager;
  /** Aborts when the tab leaves the line, or gives the lock back. */
  readonly left: AbortSignal;
  readonly onGranted: () => void;
  /** Another tab took the lock, because this one gave no sign of life. */
  readonly onLost: () => void;
}

const lockName = 'emcachers-live';
/** The engine speaks once a second; a tab that has passed nothing on for this long does not run. */
const stillMsMax = 4_000;

export function createPlace({ locks, left, onGranted, onLost }: PlaceOptions): Place {
  let line = new AbortController();
  let still: ReturnType<typeof setTimeout> | undefined;
  const leave = (): void => clearTimeout(still);
  left.addEventListener('abort', leave, { once: true });

  /** The browser keeps the lock for the tab until this ends. */
  const hold = (): Promise<void> =>
    new Promise((resolve) => {
      clearTimeout(still);
      if (left.aborted) {
        resolve();
        return;
      }
      left.addEventListener('abort', () => resolve(), { once: true });
      onGranted();
    });
  const lose = (): void => {
    if (left.aborted) return;
    onLost();
    wait();
  };
  const wait = (): void => {
    line = new AbortController();
    const signal = AbortSignal.any([left, line.signal]);
    noteSign();
    locks.request(lockName, { signal }, hold).catch(() => {
      if (!signal.aborted) lose();
    });
  };
  const noteSign = (): void => {
    clearTimeout(still);
    still = setTimeout(take, stillMsMax);
  };
  const take = (): void => {
    line.abort();
    locks.request(lockName, { steal: true }, hold).catch(lose);
  };
  return { wait, noteSign };
}
