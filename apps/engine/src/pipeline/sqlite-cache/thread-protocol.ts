/** Messages between the engine and a cache thread: calls of `CacheShelf` methods by name, answered in order. */

import type { CacheIndex } from '@emcachers/core/cache-index';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { CacheShelf, ShelfOptions } from './cache-shelf.ts';
import type { CacheIdentity } from './cache-types.ts';

export interface ThreadOptions extends ShelfOptions {
  readonly kind: 'shelf';
}

/** A thread that only checks the structure of one file. */
export interface CheckOptions {
  readonly kind: 'check';
  readonly path: string;
  readonly entityId: number;
  /** Also compares the index with the table. */
  readonly thorough: boolean;
}

/** A thread that only changes the indexes of one file, which the shelf has set aside. */
export interface IndexOptions {
  readonly kind: 'index';
  readonly path: string;
  readonly identity: CacheIdentity;
  readonly declared: readonly CacheIndex[];
}

export type ShelfCall =
  | { readonly name: 'open' | 'openServed' | 'build' | 'prepare'; readonly argument: Parameters<CacheShelf['open']>[0] }
  | { readonly name: 'adopt'; readonly argument: Parameters<CacheShelf['adopt']>[0] }
  | { readonly name: 'apply'; readonly argument: Parameters<CacheShelf['apply']>[0] }
  | { readonly name: 'publish' | 'release' | 'count' | 'setAside' | 'resume'; readonly argument: number }
  | { readonly name: 'compare'; readonly argument: Parameters<CacheShelf['compare']>[0] }
  | { readonly name: 'mend'; readonly argument: Parameters<CacheShelf['mend']>[0] }
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
