import { EmcachersError } from '@emcachers/core/emcachers-error';

/** True if PostgreSQL refused this node's epoch because another node leads. This is normal in a fleet, not a failure. */
export function isDeposed(fault: unknown): boolean {
  return fault instanceof EmcachersError && fault.code === 'EMC-3002';
}
