import { expect, test } from 'vitest';
import { endSession, isSignedIn, isToken, newSessionCookie } from './session.ts';

const environment = { engineUrl: '', port: 3000, token: 'a-token-of-some-length', origins: [] };
const startMs = 1_000_000;
const hourMs = 3_600_000;
const cookieOf = (setCookie: string): string => setCookie.split(';')[0] ?? '';
const session = () => cookieOf(newSessionCookie(environment, startMs, false));
const isIn = (cookies: string | null, nowMs = startMs) => isSignedIn(environment, cookies, nowMs);

test('the cookie cannot be read by scripts and is not sent by other sites; over https it is sent by https alone', () => {
  const text = newSessionCookie(environment, startMs, false);
  expect(text).toMatch(/^emcachers-session-3000=\S+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  expect(newSessionCookie(environment, startMs, true)).toMatch(/; Secure$/);
  expect(text).not.toContain(environment.token);
});

test('a session is accepted among other cookies until its time is over', () => {
  const cookie = session();
  expect(isIn(`emcachers-theme=dark; ${cookie}; a=b`)).toBe(true);
  expect(isIn(cookie, startMs + 12 * hourMs - 1)).toBe(true);
  expect(isIn(cookie, startMs + 12 * hourMs)).toBe(false);
});

test('a cookie that was changed, of another token or of another console is no session', () => {
  const cookie = session();
  const [name = '', value = ''] = cookie.split('=');
  const [id = '', expires = '', signature = ''] = value.split('.');
  expect(isIn(`${name}=${id}.${Number(expires) + 1}.${signature}`)).toBe(false);
  expect(isIn(`${name}=${'A'.repeat(22)}.${expires}.${signature}`)).toBe(false);
  expect(isIn(`${name}=${id}.${expires}.${'A'.repeat(43)}`)).toBe(false);
  expect(isIn(`${name}=${environment.token}`)).toBe(false);
  expect(isIn(`x${cookie}`)).toBe(false);
  expect(isIn(null)).toBe(false);
  expect(isSignedIn({ ...environment, token: 'another-token-of-some-length' }, cookie, startMs)).toBe(false);
  expect(isSignedIn({ ...environment, port: 3001 }, cookie, startMs)).toBe(false);
});

test('a copy of the cookie is worth nothing after the sign-out, and other sessions go on', () => {
  const cookie = session();
  const other = session();
  expect(endSession(environment, cookie, startMs)).toMatch('emcachers-session-3000=; Path=/; Max-Age=0');
  expect([isIn(cookie), isIn(other)]).toEqual([false, true]);
});

test('without a token nobody signs in', () => {
  expect(isSignedIn({ ...environment, token: null }, null, startMs)).toBe(true);
});

test.each(['', 'a-token-of-some-lengt', 'a-token-of-some-length ', 'A-token-of-some-length'])(
  '"%s" is not the token',
  (given) => {
    expect(isToken(given, environment.token)).toBe(false);
    expect(isToken(environment.token, environment.token)).toBe(true);
  },
);
