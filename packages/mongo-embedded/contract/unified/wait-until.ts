import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 10;

/** Resolves when `isMet` holds, looking again every few milliseconds; rejects after the time-out. */
export async function waitUntil(isMet: () => boolean, limit: { timeoutMs: number; what: string }): Promise<void> {
  const deadline = performance.now() + limit.timeoutMs;
  while (!isMet()) {
    if (performance.now() > deadline) throw new Error(`waited ${limit.timeoutMs} ms for ${limit.what}`);
    await delay(LOOK_MS);
  }
}
