import type { PlannedJobKind } from '../job-kind.ts';

export const verifyJob = {
  title: 'Verify',
  summary: 'Compare the caches with the source.',
  audit: 'An operator requested a verification of an entity.',
  input: {},
  isFinal: false,
  action: null,
} as const satisfies PlannedJobKind;
