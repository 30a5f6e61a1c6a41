import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ConsoleEnvironment } from '../env.ts';
import { signedOutSessions } from './signed-out.ts';

/**
 * A browser that has signed in has a cookie that says until when, signed with a key that is derived from the token. So the token itself
 * is never in a browser, every process of the console accepts the cookie, and a new token ends all sessions.
 * The cookie is HttpOnly and SameSite=Strict: no script reads it, and no page of another site makes the browser send it.
 */
export const sessionHours = 12;
const sessionMs = sessionHours * 3_600_000;

/** With the port in its name, because a browser sends a cookie to all ports of a host. */
function cookieName({ port }: ConsoleEnvironment): string {
  return `emcachers-session-${port}`;
}

/** Whether the token that someone has entered is the right one, in a time that does not depend on it. */
export function isToken(given: string, token: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(token));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

interface Session {
  readonly id: string;
  readonly expiresAtMs: number;
}

/** The `Set-Cookie` value of a new session. `isSecure`: the browser came over https. */
export function newSessionCookie(environment: ConsoleEnvironment, nowMs: number, isSecure: boolean): string {
  const session = { id: randomBytes(16).toString('base64url'), expiresAtMs: nowMs + sessionMs };
  const value = `${session.id}.${session.expiresAtMs}.${signatureOf(session, environment.token ?? '')}`;
  return cookieText(environment, { value, ageSeconds: sessionMs / 1_000, isSecure });
}

/** The `Set-Cookie` value that removes the cookie. The session in `cookies` is no longer accepted. */
export function endSession(environment: ConsoleEnvironment, cookies: string | null, nowMs: number): string {
  const session = sessionOf(environment, cookies, nowMs);
  if (session !== null) signedOutSessions(nowMs).add(session.id, session.expiresAtMs);
  return cookieText(environment, { value: '', ageSeconds: 0, isSecure: false });
}

/** True if nobody needs to sign in, or the browser has. `cookies`: the `Cookie` header. */
export function isSignedIn(environment: ConsoleEnvironment, cookies: string | null, nowMs: number): boolean {
  return environment.token === null || sessionOf(environment, cookies, nowMs) !== null;
}

/** Null if the cookie is missing, forged, of another token, too old, or signed out. */
function sessionOf(environment: ConsoleEnvironment, cookies: string | null, nowMs: number): Session | null {
  const { token } = environment;
  const value = cookieValue(cookies, cookieName(environment));
  const [, id = '', expires = '', signature = ''] = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/.exec(value) ?? [];
  if (token === null || id === '') return null;
  const session = { id, expiresAtMs: Number(expires) };
  const isOurs = timingSafeEqual(digestOf(signature), digestOf(signatureOf(session, token)));
  if (!isOurs || session.expiresAtMs <= nowMs || signedOutSessions(nowMs).has(id)) return null;
  return session;
}

function signatureOf({ id, expiresAtMs }: Session, token: string): string {
  const key = createHmac('sha256', token).update('emcachers console session').digest();
  return createHmac('sha256', key).update(`${id}.${expiresAtMs}`).digest('base64url');
}

function cookieValue(cookies: string | null, name: string): string {
  const pairs = (cookies ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

interface CookieParts {
  readonly value: string;
  readonly ageSeconds: number;
  readonly isSecure: boolean;
}

function cookieText(environment: ConsoleEnvironment, { value, ageSeconds, isSecure }: CookieParts): string {
  const text = `${cookieName(environment)}=${value}; Path=/; Max-Age=${ageSeconds}; HttpOnly; SameSite=Strict`;
  return isSecure ? `${text}; Secure` : text;
}
