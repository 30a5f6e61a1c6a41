/**
 * The state machine of one entity's cache on this node: phases, inputs and transitions. The loop that acts on it is
 * `cache-driver.ts`.
 */

export type CachePhase =
  /** The file is about to be opened and checked. */
  | { readonly kind: 'opening' }
  /** A new generation is about to be created beside the existing files. */
  | { readonly kind: 'creating' }
  /** Behind the others: reads its own pages. */
  | { readonly kind: 'catching-up' }
  /** Level: shares the pages that the follower reads. */
  | { readonly kind: 'level' }
  | { readonly kind: 'paused' }
  /** Suspended after an error; `next` is the phase to try after the delay. */
  | { readonly kind: 'failed'; readonly next: 'opening' | 'creating' }
  /** The entity no longer exists. Final. */
  | { readonly kind: 'removed' };

export type CacheInput =
  /** The file is usable, or was just created. */
  | { readonly kind: 'ready' }
  /** No usable file exists. */
  | { readonly kind: 'unfit' }
  | { readonly kind: 'caught-up' }
  /** Full disk, missing permission or a dead thread: the file is opened again later. */
  | { readonly kind: 'faulted' }
  /** The file is damaged: opening it again would not help. */
  | { readonly kind: 'damaged' }
  /** The file cannot continue: different oplog history, behind the horizon, or a requested rebuild. */
  | { readonly kind: 'outdated' }
  /** The page at hand may be of another history than the file: the cache reads its own pages again, from its offset. */
  | { readonly kind: 'reread' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'remove' };

/** A phase ignores events that do not apply to it, because results may arrive after the phase has changed. */
export function nextPhase(phase: CachePhase, input: CacheInput): CachePhase {
  return phase.kind === 'removed' ? phase : steps[input.kind](phase);
}

const steps: Readonly<Record<CacheInput['kind'], (phase: CachePhase) => CachePhase>> = {
  remove: () => ({ kind: 'removed' }),
  pause: (phase) => (phase.kind === 'paused' ? phase : { kind: 'paused' }),
  resume: (phase) => (phase.kind === 'paused' ? { kind: 'opening' } : phase),
  retry: (phase) => (phase.kind === 'failed' ? { kind: phase.next } : phase),
  ready: (phase) => (phase.kind === 'opening' || phase.kind === 'creating' ? { kind: 'catching-up' } : phase),
  unfit: (phase) => (phase.kind === 'opening' ? { kind: 'creating' } : phase),
  'caught-up': (phase) => (phase.kind === 'catching-up' ? { kind: 'level' } : phase),
  faulted: (phase) => (isAtWork(phase) ? failed(phase.kind === 'creating' ? 'creating' : 'opening') : phase),
  damaged: (phase) => (isAtWork(phase) ? failed('creating') : phase),
  reread: (phase) => (phase.kind === 'level' ? { kind: 'catching-up' } : phase),
  // A build that is under way starts again, and so does a suspended one. A paused cache checks its file when it resumes.
  outdated: (phase) => (phase.kind === 'paused' ? phase : { kind: 'creating' }),
};

type AtWork = Extract<CachePhase, { kind: 'opening' | 'creating' | 'catching-up' | 'level' }>;

function isAtWork(phase: CachePhase): phase is AtWork {
  return phase.kind !== 'paused' && phase.kind !== 'failed' && phase.kind !== 'removed';
}

function failed(next: 'opening' | 'creating'): CachePhase {
  return { kind: 'failed', next };
}
