import { timingSafeEqual } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Rules that decide from the request's headers, before the body is read, whether a request is allowed. */
export interface AccessRules {
  /** Origins whose pages may call the engine, including the engine's own origin. */
  readonly origins: readonly string[];
  /** True if the engine is bound to loopback: only loopback host names are accepted, which prevents DNS rebinding. */
  readonly loopbackOnly: boolean;
  /** Required for every request except `/healthz` and `/readyz`. Null on loopback. */
  readonly token: string | null;
}

export interface AccessRequest {
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

/** An orchestrator's probes send no token, and the answers contain no secrets. */
const openPaths = ['/healthz', '/readyz'];
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Null if the request is allowed. */
export function refuseAccess(request: AccessRequest, rules: AccessRules): EmcachersError | null {
  if (rules.loopbackOnly && !loopbackHost.test(request.host ?? ''))
    return new EmcachersError({ code: 'EMC-5009', detail: 'The Host header of the request is not a loopback name.' });
  if (request.origin !== undefined && !rules.origins.includes(request.origin))
    return new EmcachersError({
      code: 'EMC-5009',
      detail: `The origin ${request.origin} is not allowed to call this engine.`,
    });
  if (rules.token === null || openPaths.includes(request.path)) return null;
  if (isBearer(request.authorization, rules.token)) return null;
  return new EmcachersError({ code: 'EMC-5006', detail: 'The request has no valid bearer token.' });
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
