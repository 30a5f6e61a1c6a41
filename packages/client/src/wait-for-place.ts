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
}

/** Resolves at once, without a watch, if the places are reached already. */
export function waitForPlace({ watch, places }: Waiting, time: OperationTime, options: WaitOptions): Promise<void> {
  const wanted = operationTimeValue(time);
  return waitUntil(
    {
      watch,
      isReached: () => places()?.every(({ sourceTime }) => sourceTime !== null && sourceTime >= wanted) ?? false,
      late: (timeoutMs) => tooLate(places(), wanted, timeoutMs),
    },
    options,
  );
}

export interface Condition {
  readonly watch: FileWatch;
  readonly isReached: () => boolean;
  readonly late: (timeoutMs: number) => Error;
}

export async function waitUntil(condition: Condition, options: WaitOptions): Promise<void> {
  const { timeoutMs = timeoutMsDefault, signal } = options;
  if (!(timeoutMs >= 0 && timeoutMs <= timeoutMsMax))
    throw new RangeError(`timeoutMs must be from 0 to ${timeoutMsMax}.`);
  signal?.throwIfAborted();
  if (condition.isReached()) return;
  const ended = Promise.withResolvers<void>();
  const attempt = (whenNot: () => void): void => {
    try {
      if (condition.isReached()) ended.resolve();
      else whenNot();
    } catch (error) {
      ended.reject(error);
    }
  };
  const onAbort = (): void => ended.reject(signal?.reason);
  const stopWatch = condition.watch.add(() => attempt(() => {}));
  const timer = setTimeout(() => attempt(() => ended.reject(condition.late(timeoutMs))), timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await ended.promise;
  } finally {
    clearTimeout(timer);
    stopWatch();
    signal?.removeEventListener('abort', onAbort);
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
