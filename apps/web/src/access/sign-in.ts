import type { ConsoleEnvironment } from '../env.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { escapeHtml, plainPage } from './plain-page.ts';
import { isSignedIn, isToken, newSessionCookie, sessionHours } from './session.ts';

/**
 * Exchanges the token for a session. The forms need no token of their own against forgery: the proxy has refused what another site sends, and
 * the cookie does not go with it.
 */
export interface SignInDesk {
  /** The page; a browser that need not sign in is sent on. */
  readonly show: (request: Request, environment: ConsoleEnvironment) => Response;
  readonly signIn: (request: Request, environment: ConsoleEnvironment) => Promise<Response>;
}

/** A token has 16 characters or more, so ten guesses a minute find none. */
const failuresMax = 10;
const windowMs = 60_000;
/** Of the form, which has a token and an address. */
const formBytesMax = 16_384;

export function createSignInDesk(now: () => number): SignInDesk {
  const limit = createAttemptLimit(failuresMax, windowMs);
  /** Null if the token is the right one. */
  const refusalOf = (given: string, token: string): Refusal | null => {
    const waitSeconds = limit.waitSeconds(now());
    if (waitSeconds !== null) return tooMany(waitSeconds);
    if (isToken(given, token)) return null;
    limit.noteFailure(now());
    return { problem: 'This is not the token of the engine.', status: 401 };
  };
  return {
    show: (request, environment) => {
      const next = localPath(new URL(request.url).searchParams.get('next'));
      const isIn = isSignedIn(environment, request.headers.get('cookie'), now());
      return isIn ? goTo(next) : signInPage(request, next, { problem: null, status: 200 });
    },
    signIn: async (request, environment) => {
      const form = await readForm(request);
      if (form === null) return signInPage(request, '/', { problem: 'The form could not be read.', status: 400 });
      const next = localPath(form.get('next'));
      if (environment.token === null) return goTo(next);
      const refusal = refusalOf(form.get('token') ?? '', environment.token);
      if (refusal !== null) return signInPage(request, next, refusal);
      const isSecure = request.headers.get('origin')?.startsWith('https:') ?? false;
      return goTo(next, newSessionCookie(environment, now(), isSecure));
    },
  };
}

/** Null if it is no form or too large. */
async function readForm(request: Request): Promise<URLSearchParams | null> {
  const type = request.headers.get('content-type') ?? '';
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!type.startsWith('application/x-www-form-urlencoded') || !(length <= formBytesMax)) return null;
  return new URLSearchParams(await request.text());
}

interface Refusal {
  readonly problem: string | null;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function tooMany(waitSeconds: number): Refusal {
  const problem = `Too many wrong tokens. Try again in ${waitSeconds} s.`;
  return { problem, status: 429, headers: { 'retry-after': String(waitSeconds) } };
}

function signInPage(request: Request, next: string, { problem, status, headers = {} }: Refusal): Response {
  const alert = problem === null ? '' : `<p role="alert" id="problem">${problem}</p>`;
  const described = problem === null ? 'about' : 'about problem';
  const invalid = problem === null ? '' : ' aria-invalid="true"';
  const content = `<h1>Sign in to EMCachers</h1>
<p id="about">This engine asks for its token, the value of <code>EMCACHERS_TOKEN</code>. You stay signed in for ${sessionHours} hours in this browser.</p>
${alert}<form method="post" action="/sign-in"><input type="hidden" name="next" value="${escapeHtml(next)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="${described}"${invalid}>
<button type="submit">Sign in</button></form>`;
  return plainPage({ title: 'Sign in', content, status, headers }, request.headers.get('cookie'));
}

/** After a form, so that reloading the next page does not send it again. */
function goTo(path: string, cookie?: string): Response {
  const headers = new Headers({ location: path, 'cache-control': 'no-store' });
  if (cookie !== undefined) headers.set('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

/** Anything but a path of the console leads to its start: a link must not use the sign-in to send somebody elsewhere. */
function localPath(next: string | null): string {
  const base = 'http://console.invalid';
  if (next === null || !/^\/(?![/\\])/.test(next) || !URL.canParse(next, base)) return '/';
  const { origin, pathname, search } = new URL(next, base);
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}` : '/';
}
