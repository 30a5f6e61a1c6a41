import { timingSafeEqual } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Who may call: decided from the request's headers alone, before any of its body is read. */
export interface AccessRules {
  /** Origins whose pages may call, the engine's own included. */
  readonly origins: readonly string[];
  /** Bound to loopback: only this machine's own names are answered, so a foreign page cannot come in by its DNS name. */
  readonly loopbackOnly: boolean;
  /** Asked of every call but liveness and readiness; null on loopback. */
  readonly token: string | null;
}

export interface AccessRequest {
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

/** Probes of an orchestrator carry no secrets, and the answers hold none. */
const openPaths = ['/healthz', '/readyz'];
const loopbackHost = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Null when the request may pass. */
export function refuseAccess(request: AccessRequest, rules: AccessRules): EmcachersError | null {
  if (rules.loopbackOnly && !loopbackHost.test(request.host ?? ''))
    return new EmcachersError({ code: 'EMC-5009', detail: 'The request names a host that is not this machine.' });
  if (request.origin !== undefined && !rules.origins.includes(request.origin))
    return new EmcachersError({ code: 'EMC-5009', detail: `Pages of ${request.origin} may not call this engine.` });
  if (rules.token === null || openPaths.includes(request.path)) return null;
  if (isBearer(request.authorization, rules.token)) return null;
  return new EmcachersError({ code: 'EMC-5006', detail: 'The request carries no valid bearer token.' });
}

function isBearer(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
