import type { Database } from '@emcachers/db/database';
import { nextVerification, saveVerification } from '@emcachers/db/verify/verifications';
import type { Verifications } from './verifier.ts';

/** A node's verifications in PostgreSQL. */
export function storedVerifications({ pool }: Database, nodeId: string): Verifications {
  return {
    next: () => nextVerification(pool, nodeId),
    save: (progress) => saveVerification(pool, { ...progress, nodeId }),
  };
}
