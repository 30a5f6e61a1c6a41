import { EmcachersError } from '@emcachers/core/emcachers-error';

export function unknownEntity(entityName: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-5002', detail: `There is no entity named ${entityName}.` });
}
