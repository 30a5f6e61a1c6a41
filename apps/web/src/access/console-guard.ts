import { requestSiteOf, type SiteRules, siteRefusal } from '@emcachers/core/request-site';
import { originRefused, signInRequired } from '../engine/gateway-problem.ts';
import type { ConsoleEnvironment } from '../env.ts';
import { plainPage } from './plain-page.ts';
import { isSignedIn } from './session.ts';

/**
 * Decides before every route, asset and rendered page whether a request may see anything of the console: first where it comes from (a
 * foreign host name, as DNS rebinding uses, another site's page), then whether the browser has signed in, if there is a token.
 */
export interface GuardedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** Null: let it pass. */
export function guardConsole(request: GuardedRequest, environment: ConsoleEnvironment, nowMs: number): Response | null {
  const site = requestSiteOf(request.method, (name) => request.headers.get(name));
  if (siteRefusal(site, rulesOf(environment)) !== null) return refuse(request);
  const { pathname } = new URL(request.url);
  if (isOpen(pathname) || isSignedIn(environment, request.headers.get('cookie'), nowMs)) return null;
  return pathname.startsWith('/api/') ? signInRequired() : askToSignIn(request);
}

function rulesOf({ port, origins }: ConsoleEnvironment): SiteRules {
  return { port, hosts: origins.map((origin) => new URL(origin).host), isPublic: false, origins };
}

/** What the sign-in needs, and scripts and styles, which are the same for everyone and hold no data. */
function isOpen(pathname: string): boolean {
  return pathname === '/sign-in' || pathname === '/icon.svg' || pathname.startsWith('/_next/static/');
}

function refuse({ url, headers }: GuardedRequest): Response {
  if (new URL(url).pathname.startsWith('/api/')) return originRefused();
  const content = `<h1>Not the console’s address</h1>
<p>The console answers requests of its own pages, under its own address. Open it at 127.0.0.1 or localhost with its port. To open it under another name, add the address to <code>EMCACHERS_CONSOLE_ORIGINS</code> and restart.</p>`;
  return plainPage({ title: 'Not the console’s address', content, status: 403 }, headers.get('cookie'));
}

function askToSignIn({ url }: GuardedRequest): Response {
  const { pathname, search } = new URL(url);
  const next = pathname === '/' && search === '' ? '' : `?next=${encodeURIComponent(`${pathname}${search}`)}`;
  const location = new URL(`/sign-in${next}`, url).href;
  return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } });
}
