import type { ActionView } from '@emcachers/core/action-view';
import { type JobKindName, jobKinds } from '../../control/job/job-kinds.ts';

export const kindNames = Object.keys(jobKinds) as JobKindName[];

/** What this engine can do to an entity, in the order in which the console offers it. */
export const actionViews: (ActionView & { kind: JobKindName })[] = kindNames.map((kind) => {
  const { title, isFinal, action } = jobKinds[kind];
  return { kind, title, isFinal, ...action };
});
