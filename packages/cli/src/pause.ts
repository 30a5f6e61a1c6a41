import { setTimeout as sleep } from 'node:timers/promises';

/** Yields at once, then after each pause, until the signal aborts. */
export async function* ticks(ms: number, signal: AbortSignal): AsyncGenerator<void> {
  do yield;
  while (await pause(ms, signal));
}

/** False if the signal ended the wait. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
