import { closedBreaker, stepBreaker } from '@emcachers/core/circuit-breaker';
import type { Clock } from '@emcachers/core/clock';
import type { EmcachersError } from '@emcachers/core/emcachers-error';

/**
 * A circuit breaker around short calls to one server. While it is open, calls fail immediately instead of each waiting for its
 * own timeout.
 */
export interface Guard {
  call<Answer>(action: () => Promise<Answer>): Promise<Answer>;
}

export interface GuardOptions {
  readonly clock: Clock;
  /** Maps infrastructure errors to a catalogue error; null for errors that say nothing about the server. */
  readonly faultOf: (thrown: unknown) => EmcachersError | null;
}

export function createGuard({ clock, faultOf }: GuardOptions): Guard {
  let state = closedBreaker;
  let newest: EmcachersError | null = null;
  const step = (kind: 'asked' | 'succeeded' | 'failed'): boolean => {
    const result = stepBreaker(state, { kind, nowMs: clock.monotonicMs() });
    state = result.state;
    return result.admitted;
  };
  return {
    async call(action) {
      if (!step('asked') && newest !== null) throw newest;
      try {
        const answer = await action();
        step('succeeded');
        return answer;
      } catch (thrown) {
        const fault = faultOf(thrown);
        if (fault === null) {
          // The server answered, even if it refused.
          step('succeeded');
          throw thrown;
        }
        newest = fault;
        step('failed');
        throw fault;
      }
    },
  };
}
