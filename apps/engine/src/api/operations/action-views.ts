import type { ActionView } from '@emcachers/core/action-view';
import { type JobKindName, jobKinds } from '../../control/job/job-kinds.ts';

export const kindNames = Object.keys(jobKinds) as JobKindName[];

/** What this engine can do to an entity, in the order in which the console offers it. Planned kinds have no action. */
export const actionViews: (ActionView & { kind: JobKindName })[] = kindNames.flatMap((kind) => {
  const { title, isFinal, action } = jobKinds[kind];
  return action === null ? [] : [{ kind, title, isFinal, ...action }];
});
