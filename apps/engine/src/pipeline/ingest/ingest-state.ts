/**
 * The state machine of ingest as data: states, inputs and transitions. `ingest-loop.ts` drives it.
 * After every end of a stream the position is read again from PostgreSQL, because a commit without a reply may or may not have
 * happened, and another leader may have written (I2, I9).
 */
import type { EmcachersError } from '@emcachers/core/emcachers-error';
import { unreachable } from '@emcachers/core/unreachable';
import type { Position } from '../change-source/position.ts';

/** `failures` counts consecutive ends without progress. Progress means that the position moved, not that a connection opened. */
export type IngestState =
  | { readonly kind: 'reading-position'; readonly failures: number }
  /** No position is saved: take one before the first read. */
  | { readonly kind: 'taking-position'; readonly failures: number }
  | { readonly kind: 'streaming'; readonly failures: number; readonly position: Position }
  /** The position is lost: every entity gets a new version and is rescanned. */
  | { readonly kind: 'resetting'; readonly failures: number; readonly error: EmcachersError }
  | { readonly kind: 'waiting'; readonly failures: number }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: unknown };

export type IngestInput =
  | { readonly kind: 'position-found'; readonly position: Position }
  | { readonly kind: 'position-absent' }
  | { readonly kind: 'position-taken'; readonly position: Position }
  | { readonly kind: 'position-reset' }
  | { readonly kind: 'waited' }
  | { readonly kind: 'interrupted'; readonly error: EmcachersError; readonly progressed: boolean }
  | { readonly kind: 'lost'; readonly error: EmcachersError }
  | { readonly kind: 'fatal'; readonly error: unknown }
  | { readonly kind: 'stop' };

/** Consecutive ends without progress after which the run fails. With full jitter up to 10 s that takes about half a minute. */
export const failuresMax = 8;

/** The state after `input`. Throws for an input that cannot occur in `state`, which is a defect of the loop. */
export function transition(state: IngestState, input: IngestInput): IngestState {
  if (state.kind === 'stopped' || state.kind === 'failed') throw impossible(state, input);
  switch (input.kind) {
    case 'stop':
      return { kind: 'stopped' };
    case 'fatal':
      return { kind: 'failed', error: input.error };
    case 'interrupted':
      return afterFailure(input.progressed ? 0 : state.failures, input.error, (failures) => ({
        kind: 'waiting',
        failures,
      }));
    case 'lost':
      return afterFailure(state.failures, input.error, (failures) => ({
        kind: 'resetting',
        failures,
        error: input.error,
      }));
    case 'position-found':
      return { kind: 'streaming', failures: failuresIn('reading-position', state, input), position: input.position };
    case 'position-absent':
      return { kind: 'taking-position', failures: failuresIn('reading-position', state, input) };
    case 'position-taken':
      return { kind: 'streaming', failures: failuresIn('taking-position', state, input), position: input.position };
    case 'position-reset':
      return { kind: 'reading-position', failures: failuresIn('resetting', state, input) };
    case 'waited':
      return { kind: 'reading-position', failures: failuresIn('waiting', state, input) };
    default:
      return unreachable(input);
  }
}

type Active = Exclude<IngestState, { kind: 'stopped' | 'failed' }>;

/** The failures counted so far; throws unless the state is the only one in which the input can happen. */
function failuresIn(only: Active['kind'], state: Active, input: IngestInput): number {
  if (state.kind !== only) throw impossible(state, input);
  return state.failures;
}

function afterFailure(failures: number, error: EmcachersError, next: (failures: number) => IngestState): IngestState {
  return failures + 1 > failuresMax ? { kind: 'failed', error } : next(failures + 1);
}

function impossible(state: IngestState, input: IngestInput): Error {
  return new Error(`Input ${input.kind} cannot occur in state ${state.kind}.`);
}
