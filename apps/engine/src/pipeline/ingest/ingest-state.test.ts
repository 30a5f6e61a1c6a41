import { EmcachersError } from '@emcachers/core/emcachers-error';
import { describe, expect, test } from 'vitest';
import { failuresMax, type IngestInput, type IngestState, transition } from './ingest-state.ts';

const position = { kind: 'time', clusterTime: 7n } as const;
const error = new EmcachersError({ code: 'EMC-2004', detail: 'closed' });
const cause = new Error('cause');

const states: readonly IngestState[] = [
  { kind: 'reading-position', failures: 2 },
  { kind: 'taking-position', failures: 2 },
  { kind: 'streaming', failures: 2, position },
  { kind: 'resetting', failures: 2, error },
  { kind: 'waiting', failures: 2 },
  { kind: 'stopped' },
  { kind: 'failed', error: cause },
];
const inputs: readonly IngestInput[] = [
  { kind: 'position-found', position },
  { kind: 'position-absent' },
  { kind: 'position-taken', position },
  { kind: 'position-reset' },
  { kind: 'waited' },
  { kind: 'interrupted', error, progressed: false },
  { kind: 'lost', error },
  { kind: 'fatal', error: cause },
  { kind: 'stop' },
];

/** Rows: states; columns: inputs in the order above; `-` cannot happen. The figure is `failures`. */
const table: Record<IngestState['kind'], string> = {
  'reading-position': 'streaming:2 taking-position:2 - - - waiting:3 resetting:3 failed stopped',
  'taking-position': '- - streaming:2 - - waiting:3 resetting:3 failed stopped',
  streaming: '- - - - - waiting:3 resetting:3 failed stopped',
  resetting: '- - - reading-position:2 - waiting:3 resetting:3 failed stopped',
  waiting: '- - - - reading-position:2 waiting:3 resetting:3 failed stopped',
  stopped: '- - - - - - - - -',
  failed: '- - - - - - - - -',
};

function outcome(state: IngestState, input: IngestInput): string {
  try {
    const next = transition(state, input);
    return 'failures' in next ? `${next.kind}:${next.failures}` : next.kind;
  } catch {
    return '-';
  }
}

describe('the states of ingest', () => {
  for (const state of states)
    test(`every input while ${state.kind} has a defined outcome`, () => {
      expect(inputs.map((input) => outcome(state, input)).join(' ')).toBe(table[state.kind]);
    });

  test('progress resets the failure count, so a stream that worked for days may fail again', () => {
    const next = transition(
      { kind: 'streaming', failures: failuresMax, position },
      { kind: 'interrupted', error, progressed: true },
    );
    expect(next).toEqual({ kind: 'waiting', failures: 1 });
  });

  test('after the maximum of failures without progress, interrupted or lost, the supervisor gets the error', () => {
    const last: IngestState = { kind: 'streaming', failures: failuresMax, position };
    expect(transition(last, { kind: 'interrupted', error, progressed: false })).toEqual({ kind: 'failed', error });
    expect(transition(last, { kind: 'lost', error })).toEqual({ kind: 'failed', error });
  });
});
