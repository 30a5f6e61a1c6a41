import { expect, test } from 'vitest';
import { type AccessRequest, refuseAccess } from './access.ts';

const rules = { origins: ['http://localhost:3000'], loopbackOnly: true, token: null };
const request: AccessRequest = {
  path: '/trpc/fleet.get',
  host: '127.0.0.1:4000',
  origin: undefined,
  authorization: undefined,
};
const code = (change: Partial<AccessRequest>, changed: Partial<typeof rules | { token: string }> = {}) =>
  refuseAccess({ ...request, ...change }, { ...rules, ...changed })?.code ?? null;

test.each(['127.0.0.1:4000', 'localhost', 'LOCALHOST:1', '[::1]:4000', '127.8.9.1'])(
  'allows the loopback host %s',
  (host) => {
    expect(code({ host })).toBeNull();
  },
);

test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:4000', undefined, ''])(
  'rejects the host %s on loopback, so DNS rebinding fails',
  (host) => {
    expect(code({ host })).toBe('EMC-5009');
  },
);

test('allows only the configured origins', () => {
  expect(code({ origin: 'http://localhost:3000' })).toBeNull();
  expect(code({ origin: 'http://localhost:3001' })).toBe('EMC-5009');
  expect(code({ origin: 'null' })).toBe('EMC-5009');
});

test('with a token, every request except the probes must have it', () => {
  const token = 'a-token-of-some-length';
  expect(code({}, { token })).toBe('EMC-5006');
  expect(code({ authorization: 'Bearer wrong-token-of-same-le' }, { token })).toBe('EMC-5006');
  expect(code({ authorization: `Bearer ${token}` }, { token })).toBeNull();
  expect(code({ path: '/healthz' }, { token })).toBeNull();
});
