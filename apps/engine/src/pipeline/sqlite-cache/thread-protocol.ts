/** Messages between the engine and a cache thread: calls of `CacheShelf` methods by name, answered in order. */
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { CacheShelf, ShelfOptions } from './cache-shelf.ts';

export interface ThreadOptions extends ShelfOptions {
  readonly kind: 'shelf';
}

/** A thread that only runs quick_check on one file. */
export interface CheckOptions {
  readonly kind: 'check';
  readonly path: string;
  readonly entityId: number;
}

export type ShelfCall =
  | { readonly name: 'open' | 'build'; readonly argument: Parameters<CacheShelf['open']>[0] }
  | { readonly name: 'apply'; readonly argument: Parameters<CacheShelf['apply']>[0] }
  | { readonly name: 'publish' | 'release'; readonly argument: number }
  | { readonly name: 'tend' | 'close'; readonly argument: null }
  | { readonly name: 'remove'; readonly argument: Parameters<CacheShelf['remove']>[0] }
  | { readonly name: 'removeOthers'; readonly argument: Parameters<CacheShelf['removeOthers']>[0] };

export interface CallMessage {
  readonly id: number;
  readonly nowMs: number;
  readonly call: ShelfCall;
}

/** Errors lose their class between threads, so a reply carries the code and the detail. */
export type AnswerMessage =
  | { readonly id: number; readonly kind: 'value'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'error'; readonly code: ErrorCode; readonly detail: string };
