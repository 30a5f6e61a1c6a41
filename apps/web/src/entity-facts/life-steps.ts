import type { EntityView } from '@emcachers/core/api-views';
import { unreachable } from '@emcachers/core/unreachable';

export const lifeStepNames = ['Pending', 'Scanning', 'Catching up', 'Live'] as const;
export type StepState = 'done' | 'current' | 'stopped' | 'next';

/** The progress of an entity to live, one state for each of `lifeStepNames`. */
export function lifeSteps({ activity, scan }: Pick<EntityView, 'activity' | 'scan'>): readonly StepState[] {
  switch (activity) {
    case 'pending':
      return at(0, 'current');
    case 'scanning':
      return at(1, 'current');
    case 'catching-up':
      return at(2, 'current');
    case 'live':
      return at(3, 'current');
    case 'paused':
    case 'failed':
    case 'deleting':
      return at(stoppedAt(scan), 'stopped');
    default:
      return unreachable(activity);
  }
}

/** The step at which an entity stopped, derived from the scan, because the activity no longer shows it. */
function stoppedAt(scan: EntityView['scan']): number {
  if (scan.finishedAt !== null) return 3;
  return scan.startedAt === null ? 0 : 1;
}

function at(index: number, state: StepState): readonly StepState[] {
  return lifeStepNames.map((_, step) => (step < index ? 'done' : step === index ? state : 'next'));
}
