import type { EntityView } from '@emcachers/core/api-views';
import { unreachable } from '@emcachers/core/unreachable';
import type { ActionView } from './use-actions.ts';

/** Whether the console shows the action for an entity in this state. */
export function isOffered(
  { offered }: ActionView,
  { activity, deadLetters }: Pick<EntityView, 'activity' | 'deadLetters'>,
): boolean {
  switch (offered) {
    case 'always':
      return true;
    case 'while-paused':
      return activity === 'paused';
    case 'unless-paused':
      return activity !== 'paused';
    case 'with-dead-letters':
      return deadLetters > 0;
    default:
      return unreachable(offered);
  }
}
