import type { PlannedJobKind } from '../job-kind.ts';

export const repairJob = {
  title: 'Repair',
  summary: 'Correct the rows that a verification found different.',
  audit: 'An operator requested a repair of an entity.',
  input: {},
  isFinal: false,
  action: null,
} as const satisfies PlannedJobKind;
