import { createHash, timingSafeEqual } from 'node:crypto';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type RequestSite, type SiteRefusal, type SiteRules, siteRefusal } from '@emcachers/core/request-site';

/** Rules that decide from the request's headers, before the body is read, whether a request is allowed. */
export interface AccessRules {
  /** Read for each request: the port is known only once the server listens. */
  readonly site: () => SiteRules;
  /** Required for every request except `/healthz` and `/readyz`, also on loopback. Null: none is set. */
  readonly token: string | null;
}

export interface AccessRequest {
  readonly path: string;
  readonly site: RequestSite;
  readonly authorization: string | undefined;
}

/** An orchestrator's probes send no token, and the answers contain no secrets. */
const openPaths = ['/healthz', '/readyz'];

/** Null if the request is allowed. */
export function refuseAccess(request: AccessRequest, rules: AccessRules): EmcachersError | null {
  const refusal = siteRefusal(request.site, rules.site());
  if (refusal !== null) return foreignRequest(refusal, request.site);
  if (rules.token === null || openPaths.includes(request.path)) return null;
  if (isBearer(request.authorization, rules.token)) return null;
  return new EmcachersError({ code: 'EMC-5006', detail: 'The request has no valid bearer token.' });
}

function foreignRequest(refusal: SiteRefusal, { origin }: RequestSite): EmcachersError {
  switch (refusal) {
    case 'host':
      return new EmcachersError({
        code: 'EMC-5009',
        detail: 'The Host header of the request is neither a loopback name with the port of the engine nor configured.',
        hint: 'Call the engine at 127.0.0.1 or localhost with its port, or name the host in EMCACHERS_HOSTS.',
      });
    case 'origin':
      return new EmcachersError({
        code: 'EMC-5009',
        detail: `The origin ${origin ?? ''} is not allowed to call this engine.`,
        hint: 'Open the console at its own address, or name its origin in EMCACHERS_CONSOLE_ORIGINS.',
      });
    case 'cross-site':
      return new EmcachersError({
        code: 'EMC-5009',
        detail: 'A page of another site made the browser send this request.',
      });
  }
}

/** The name of the scheme is case-insensitive (RFC 9110, 11.1). Digests are compared, so the time tells nothing, not even the length. */
function isBearer(header: string | undefined, token: string): boolean {
  const given = /^bearer +(?<token>\S+) *$/i.exec(header ?? '')?.groups?.['token'];
  return given !== undefined && timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
