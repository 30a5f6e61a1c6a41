import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { JobKind, JobTarget } from './job-kind.ts';
import { findJobKind } from './job-kinds.ts';

/**
 * Returns the job kind with this name. Throws EMC-5007 if this engine does not support it, EMC-5004 if the entity's
 * state forbids it.
 */
export function possibleJobKind(name: string, entity: JobTarget): JobKind {
  const kind = findJobKind(name);
  if (kind === null)
    throw new EmcachersError({ code: 'EMC-5007', detail: `This engine does not support ${name} yet.` });
  const refusal = kind.refusal(entity);
  if (refusal === null) return kind;
  throw new EmcachersError({
    code: 'EMC-5004',
    detail: `${entity.entityName}: ${name} is not possible now. ${refusal}`,
  });
}
