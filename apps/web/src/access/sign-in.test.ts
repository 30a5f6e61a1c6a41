import { describe, expect, test } from 'vitest';
import { isSignedIn } from './session.ts';
import { createSignInDesk } from './sign-in.ts';

const environment = { engineUrl: '', port: 3000, token: 'a-token-of-some-length', origins: [] };
const address = 'http://127.0.0.1:3000/sign-in';

function openDesk() {
  let nowMs = 1_000_000;
  const desk = createSignInDesk(() => nowMs);
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams(fields).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
    return desk.signIn(new Request(address, { method: 'POST', body, headers: { ...type, ...headers } }), environment);
  };
  return {
    desk,
    post,
    now: () => nowMs,
    pass: (durationMs: number) => {
      nowMs += durationMs;
    },
  };
}

test('the token is exchanged for a session, and the browser goes where it wanted to', async () => {
  const { post, now } = openDesk();
  const answer = await post({ token: environment.token, next: '/entities/orders?tab=rows' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/entities/orders?tab=rows']);
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect(isSignedIn(environment, cookie, now())).toBe(true);
});

test('a wrong token gets the form again with what is wrong, and no cookie', async () => {
  const { post } = openDesk();
  const answer = await post({ token: 'wrong', next: '/jobs' });
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null]);
  const page = await answer.text();
  expect(page).toContain('role="alert"');
  expect(page).toContain('name="next" value="/jobs"');
  expect(page).not.toContain('wrong"');
});

test('after ten wrong tokens in a minute nobody tries another one, not even the right one, until a minute has passed', async () => {
  const { post, pass } = openDesk();
  for (let count = 0; count < 10; count += 1) expect((await post({ token: 'wrong' })).status).toBe(401);
  pass(30_000);
  const refused = await post({ token: environment.token });
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('set-cookie')]).toEqual([
    429,
    '30',
    null,
  ]);
  pass(30_000);
  expect((await post({ token: environment.token })).status).toBe(303);
});

describe('the page', () => {
  test('has no script, and its policy allows none', async () => {
    const { desk } = openDesk();
    const answer = desk.show(new Request(`${address}?next=%2F%22%3E%3Cscript%3E`), environment);
    expect(await answer.text()).not.toContain('<script');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('sends a browser on that is signed in, or need not be', async () => {
    const { desk, post } = openDesk();
    const cookie = (await post({ token: environment.token })).headers.get('set-cookie')?.split(';')[0] ?? '';
    const request = new Request(`${address}?next=%2Fjobs`, { headers: { cookie } });
    expect(desk.show(request, environment).headers.get('location')).toBe('/jobs');
    const open = { ...environment, token: null };
    expect(desk.show(new Request(address), open).headers.get('location')).toBe('/');
  });
});

test.each([
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '/./\\/evil.example',
  '/%2f/../..//evil.example',
  'jobs',
  'javascript:alert(1)',
  '',
])('the sign-in sends nobody to %s', async (next) => {
  const { post } = openDesk();
  const location = (await post({ token: environment.token, next })).headers.get('location') ?? '';
  expect(new URL(location, address).origin).toBe('http://127.0.0.1:3000');
});

test.each([
  ['no form', { 'content-type': 'application/json' }],
  ['too large', { 'content-length': '20000' }],
])('a body that is %s is not read', async (_name, headers) => {
  const { post } = openDesk();
  expect((await post({ token: environment.token }, headers)).status).toBe(400);
});
