import { describe, expect, test } from 'vitest';
import { guardConsole } from './console-guard.ts';
import { newSessionCookie } from './session.ts';

const open = { engineUrl: '', port: 3000, token: null, origins: ['https://console.example'] };
const locked = { ...open, token: 'a-token-of-some-length' };
const nowMs = 1_000_000;

function guard(
  path: string,
  headers: Record<string, string> = {},
  { environment = open, method = 'GET' }: { environment?: typeof open | typeof locked; method?: string } = {},
) {
  const url = `http://127.0.0.1:3000${path}`;
  return guardConsole(
    { method, url, headers: new Headers({ host: '127.0.0.1:3000', ...headers }) },
    environment,
    nowMs,
  );
}

const places = [
  '/',
  '/entities/orders',
  '/jobs',
  '/nothing',
  '/icon.svg',
  '/_next/static/a.js',
  '/sign-in',
  '/api/reach',
  '/api/trpc/fleet.get',
];

describe.each(places)('%s', (path) => {
  test.each([
    ['a foreign name that points at this machine', { host: 'evil.example' }],
    ['a foreign name with the port of the console', { host: 'evil.example:3000' }],
    ['a loopback name with another port', { host: '127.0.0.1:8080' }],
    ['a page of another site', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:8080' }],
    ['a page without an origin of its own', { origin: 'null' }],
    ['an image or a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    [
      'a frame of another site',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
  ])('is refused for %s', async (_name, headers) => {
    const answer = guard(path, headers);
    expect(answer?.status).toBe(403);
    expect(await answer?.text()).not.toContain('evil');
  });

  test('is there for the console’s own page, and under a configured origin behind an https proxy', () => {
    expect(guard(path)).toBeNull();
    expect(guard(path, { origin: 'http://127.0.0.1:3000' }, { method: 'POST' })).toBeNull();
    expect(guard(path, { host: 'console.example', origin: 'https://console.example' })).toBeNull();
  });
});

test('a form of another site is refused, and a link is followed', () => {
  const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  expect(guard('/sign-out', headers, { method: 'POST' })?.status).toBe(403);
  expect(guard('/jobs', headers)).toBeNull();
});

describe('with a token', () => {
  test('a page leads to the sign-in and from there back', () => {
    expect(guard('/entities/orders?tab=rows', {}, { environment: locked })?.headers.get('location')).toBe(
      'http://127.0.0.1:3000/sign-in?next=%2Fentities%2Forders%3Ftab%3Drows',
    );
    expect(guard('/', {}, { environment: locked })?.headers.get('location')).toBe('http://127.0.0.1:3000/sign-in');
  });

  test('a call gets 401 with the code, as an error that the page can read', async () => {
    const answer = guard('/api/trpc/fleet.get', {}, { environment: locked });
    expect(answer?.status).toBe(401);
    const body: unknown = await answer?.json();
    expect(body).toMatchObject({ error: { data: { emcCode: 'EMC-5006', httpStatus: 401 } } });
  });

  test('a browser that has signed in sees everything', () => {
    const cookie = newSessionCookie(locked, nowMs, false).split(';')[0] ?? '';
    for (const path of places) expect(guard(path, { cookie }, { environment: locked })).toBeNull();
  });

  test.each(['/sign-in', '/icon.svg', '/_next/static/a.js'])(
    'the sign-in and what has no data is there: %s',
    (path) => {
      expect(guard(path, {}, { environment: locked })).toBeNull();
    },
  );

  test.each(['/_next/image', '/_next/data/x.json', '/sign-in/x', '/sign-out', '/_next/staticx'])(
    '%s is not',
    (path) => {
      expect(guard(path, {}, { environment: locked })?.status).toBe(307);
    },
  );
});
