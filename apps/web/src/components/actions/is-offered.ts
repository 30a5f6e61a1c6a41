import type { Activity } from '@emcachers/core/api-views';
import { unreachable } from '@emcachers/core/unreachable';
import type { ActionView } from './use-actions.ts';

/** Whether the console shows the action for an entity with this activity. */
export function isOffered({ offered }: ActionView, activity: Activity): boolean {
  switch (offered) {
    case 'always':
      return true;
    case 'while-paused':
      return activity === 'paused';
    case 'unless-paused':
      return activity !== 'paused';
    default:
      return unreachable(offered);
  }
}
