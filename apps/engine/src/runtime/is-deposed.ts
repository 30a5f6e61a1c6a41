import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Whether PostgreSQL refused this node's epoch: another node leads now. This is how a fleet works, not a failure. */
export function isDeposed(fault: unknown): boolean {
  return fault instanceof EmcachersError && fault.code === 'EMC-3002';
}
