import type { PlannedJobKind } from '../job-kind.ts';

export const verifyJob = {
  title: 'Verify',
  summary: 'Compare the caches with the source.',
  audit: 'An operator asked to verify an entity.',
  input: {},
  isFinal: false,
  action: null,
} as const satisfies PlannedJobKind;
