import { EmcachersError } from '@emcachers/core/emcachers-error';

interface RefusedMethod {
  readonly method: string;
  readonly path: string;
  readonly allowed: readonly string[];
}

/** EMC-7010 with the methods of the path, which the response lists in its `Allow` header (RFC 9110, 15.5.6). */
export class MethodRefusal extends EmcachersError {
  readonly allowed: readonly string[];

  constructor({ method, path, allowed }: RefusedMethod) {
    super({
      code: 'EMC-7010',
      detail: `${path} does not take ${method}.`,
      hint: `Use ${allowed.join(' or ')}; see /api/docs.`,
    });
    this.allowed = allowed;
  }
}
