import type { RefusalPolicy } from '@emcachers/core/shape';

/** What a column does with a document whose value it cannot hold, in the console's words. */
export const policyTitles: Readonly<Record<RefusalPolicy, string>> = {
  null: 'Store NULL',
  'dead-letter': 'Dead letter',
  fail: 'Fail entity',
};
