/**
 * What one entity's cache is doing on this node, as data. The loop that acts on it is `cache-driver.ts`; here is only which
 * event leads where. `attempt` counts failures in a row, for the backoff; it starts again once the cache is level.
 */
import { unreachable } from '@emcachers/core/unreachable';

export type CachePhase =
  /** The file is about to be looked at. */
  | { readonly kind: 'opening'; readonly attempt: number }
  /** A new generation is about to be created beside what is there. */
  | { readonly kind: 'creating'; readonly attempt: number }
  /** Behind: reads pages of its own. */
  | { readonly kind: 'catching-up'; readonly attempt: number }
  /** Reads with the others. */
  | { readonly kind: 'level' }
  | { readonly kind: 'paused' }
  /** Set aside; `next` is what is tried after the delay. */
  | { readonly kind: 'failed'; readonly attempt: number; readonly next: 'opening' | 'creating' }
  /** The entity is gone. Final. */
  | { readonly kind: 'removed' };

export type CacheEvent =
  /** The file fits, or was just created. */
  | { readonly kind: 'ready' }
  /** There is no file, or none that fits. */
  | { readonly kind: 'unfit' }
  | { readonly kind: 'caught-up' }
  /** Full disk, missing permission, a thread that died: the file is looked at again later. */
  | { readonly kind: 'faulted' }
  /** The file is damaged: looking at it again would not help. */
  | { readonly kind: 'damaged' }
  /** The file can go no further: another history, behind the horizon, a rebuild asked for. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'remove' };

/** Events that mean nothing in a phase leave it as it is: answers may arrive after the phase has moved on. */
export function nextPhase(phase: CachePhase, event: CacheEvent): CachePhase {
  if (phase.kind === 'removed') return phase;
  switch (event.kind) {
    case 'remove':
      return { kind: 'removed' };
    case 'pause':
      return phase.kind === 'paused' ? phase : { kind: 'paused' };
    case 'resume':
      return phase.kind === 'paused' ? { kind: 'opening', attempt: 0 } : phase;
    case 'retry':
      return phase.kind === 'failed' ? { kind: phase.next, attempt: phase.attempt } : phase;
    case 'ready':
      return phase.kind === 'opening' || phase.kind === 'creating'
        ? { kind: 'catching-up', attempt: phase.attempt }
        : phase;
    case 'unfit':
      return phase.kind === 'opening' ? { kind: 'creating', attempt: phase.attempt } : phase;
    case 'caught-up':
      return phase.kind === 'catching-up' ? { kind: 'level' } : phase;
    case 'faulted':
      return isAtWork(phase) ? failed(phase, phase.kind === 'creating' ? 'creating' : 'opening') : phase;
    case 'damaged':
      return isAtWork(phase) ? failed(phase, 'creating') : phase;
    case 'outdated':
      return isAtWork(phase) && phase.kind !== 'creating' ? { kind: 'creating', attempt: 0 } : phase;
    default:
      return unreachable(event);
  }
}

type AtWork = Extract<CachePhase, { kind: 'opening' | 'creating' | 'catching-up' | 'level' }>;

function isAtWork(phase: CachePhase): phase is AtWork {
  return phase.kind !== 'paused' && phase.kind !== 'failed' && phase.kind !== 'removed';
}

function failed(phase: AtWork, next: 'opening' | 'creating'): CachePhase {
  return { kind: 'failed', attempt: phase.kind === 'level' ? 0 : phase.attempt + 1, next };
}
