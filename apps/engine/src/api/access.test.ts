import { requestSiteOf } from '@emcachers/core/request-site';
import { expect, test } from 'vitest';
import { refuseAccess } from './access.ts';

const site = { port: 4000, hosts: [], isPublic: false, origins: ['http://localhost:3000'] };
const token = 'a-token-of-some-length';

function code(headers: Record<string, string>, { path = '/trpc/fleet.get', token = '' } = {}): string | null {
  const all = new Headers({ host: '127.0.0.1:4000', ...headers });
  const request = {
    path,
    site: requestSiteOf('GET', (name) => all.get(name)),
    authorization: all.get('authorization') ?? undefined,
  };
  return refuseAccess(request, { site: () => site, token: token === '' ? null : token })?.code ?? null;
}

test('a request of a foreign host, of a foreign origin or of a foreign page is refused with the same code', () => {
  expect(code({})).toBeNull();
  expect(code({ origin: 'http://localhost:3000' })).toBeNull();
  expect(code({ host: 'evil.example' })).toBe('EMC-5009');
  expect(code({ origin: 'http://localhost:3001' })).toBe('EMC-5009');
  expect(code({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe('EMC-5009');
});

test('with a token, every request except the probes must have it', () => {
  expect(code({}, { token })).toBe('EMC-5006');
  expect(code({ authorization: 'Bearer wrong-token-of-same-le' }, { token })).toBe('EMC-5006');
  expect(code({ authorization: `Bearer ${token}` }, { token })).toBeNull();
  expect(code({}, { token, path: '/healthz' })).toBeNull();
  expect(code({ host: 'evil.example' }, { token, path: '/healthz' })).toBe('EMC-5009');
});

test.each(['bearer', 'BEARER', 'Bearer', 'Bearer  '])('the scheme is written in any case: %s', (scheme) => {
  expect(code({ authorization: `${scheme} ${token}` }, { token })).toBeNull();
});

test.each([token, `Basic ${token}`, `Bearer${token}`, `Bearer ${token} x`, 'Bearer ', `Bearer ${token}x`])(
  'what is not the token as a bearer token is refused: %s',
  (authorization) => {
    expect(code({ authorization }, { token })).toBe('EMC-5006');
  },
);
