/** Waiting for a place of the source in one or several caches: read your writes. */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { CachePlace, OperationTime, WaitOptions } from './cache.ts';
import type { FileWatch } from './file-watch.ts';
import { ageMs, operationTimeValue } from './place.ts';

const timeoutMsDefault = 5_000;
/** Node.js fires longer timers at once. */
const timeoutMsMax = 2_147_483_647;

interface Waiting {
  readonly watch: FileWatch;
  /** Null while a cache is not published. Throws what ends the wait. */
  readonly places: () => readonly CachePlace[] | null;
  /** Aborts when the cache is closed. */
  readonly closing: AbortSignal;
}

/** Resolves at once, without a watch, if the places are reached already. */
export function waitForPlace(waiting: Waiting, time: OperationTime, options: WaitOptions): Promise<void> {
  const { watch, places, closing } = waiting;
  const wanted = operationTimeValue(time);
  const isReached = (): boolean =>
    places()?.every(({ sourceTime }) => sourceTime !== null && sourceTime >= wanted) ?? false;
  const late = (timeoutMs: number): Error => tooLate(places(), wanted, timeoutMs);
  return waitUntil({ watch, isReached, late, signals: [closing] }, options);
}

/** What a wait is for. */
export interface Condition {
  readonly watch: FileWatch;
  readonly isReached: () => boolean;
  /** The error of a wait that has lasted too long. */
  readonly late: (timeoutMs: number) => Error;
  /** End the wait, as the caller's own signal does. */
  readonly signals: readonly AbortSignal[];
}

export async function waitUntil(condition: Condition, options: WaitOptions): Promise<void> {
  const { timeoutMs = timeoutMsDefault, signal } = options;
  if (!(timeoutMs >= 0 && timeoutMs <= timeoutMsMax))
    throw new RangeError(`timeoutMs must be from 0 to ${timeoutMsMax}.`);
  const signals = signal === undefined ? condition.signals : [...condition.signals, signal];
  for (const each of signals) each.throwIfAborted();
  if (!condition.isReached()) await watched(condition, { timeoutMs, signals });
}

async function watched(
  { watch, isReached, late }: Condition,
  { timeoutMs, signals }: { readonly timeoutMs: number; readonly signals: readonly AbortSignal[] },
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const attempt = (whenNot: () => void): void => {
    try {
      if (isReached()) ended.resolve();
      else whenNot();
    } catch (error) {
      ended.reject(error);
    }
  };
  const onAbort = (): void => ended.reject(signals.find(({ aborted }) => aborted)?.reason);
  const stopWatch = watch.add(() => attempt(() => {}));
  const timer = setTimeout(() => attempt(() => ended.reject(late(timeoutMs))), timeoutMs);
  for (const each of signals) each.addEventListener('abort', onAbort, { once: true });
  try {
    await ended.promise;
  } finally {
    clearTimeout(timer);
    stopWatch();
    for (const each of signals) each.removeEventListener('abort', onAbort);
  }
}

function tooLate(places: readonly CachePlace[] | null, wanted: bigint, timeoutMs: number): EmcachersError {
  const reached = places === null ? 'a cache is not published' : places.map((place) => described(place)).join('; ');
  const detail = `Waited ${timeoutMs} ms for source time ${wanted}: ${reached}.`;
  return new EmcachersError({ code: 'EMC-7005', detail });
}

function described({ entity, offset, sourceTime }: CachePlace): string {
  if (sourceTime === null) return `${entity} is at offset ${offset} and has no source time`;
  const seconds = (ageMs(sourceTime, Date.now()) / 1_000).toFixed(1);
  return `${entity} is at source time ${sourceTime}, ${seconds} s ago, offset ${offset}`;
}
