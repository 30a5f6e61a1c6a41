import { describe, expect, test } from 'vitest';
import { type RequestSite, requestSiteOf, type SiteRules, siteRefusal } from './request-site.ts';

const rules: SiteRules = { port: 4000, hosts: [], isPublic: false, origins: ['http://localhost:3000'] };
const program: RequestSite = {
  method: 'GET',
  host: '127.0.0.1:4000',
  origin: null,
  fetchSite: null,
  fetchMode: null,
  fetchDest: null,
};
const refusal = (site: Partial<RequestSite>, changed: Partial<SiteRules> = {}) =>
  siteRefusal({ ...program, ...site }, { ...rules, ...changed });

describe('the host', () => {
  test.each(['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST:4000', '[::1]:4000', '127.8.9.1:4000'])(
    'a loopback name with the right port is an own host: %s',
    (host) => {
      expect(refusal({ host })).toBeNull();
    },
  );

  test.each([
    'evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example:4000',
    'localhost.evil.example:4000',
    'localhost',
    'localhost:4001',
    'user@localhost:4000',
    'localhost:4000:4000',
    'localhost:4000/',
    '10.0.0.5:4000',
    '',
    null,
  ])('%s is not, so DNS rebinding fails', (host) => {
    expect(refusal({ host })).toBe('host');
  });

  test('port 80 need not be written', () => {
    expect(refusal({ host: 'localhost' }, { port: 80 })).toBeNull();
  });

  test('a configured host is an own host, exactly as it is written', () => {
    const hosts = ['engine.example.org:4000', 'Cache.example.org'];
    expect(refusal({ host: 'engine.example.org:4000' }, { hosts })).toBeNull();
    expect(refusal({ host: 'cache.EXAMPLE.org' }, { hosts })).toBeNull();
    expect(refusal({ host: 'engine.example.org' }, { hosts })).toBe('host');
  });

  test.each(['10.0.0.5:4000', '10.0.0.5:80', '[fd00::5]:4000', 'localhost:8080', '192.168.1.1'])(
    'a server that other machines reach is also called by its address, here %s',
    (host) => {
      expect(refusal({ host }, { isPublic: true })).toBeNull();
    },
  );

  test.each(['evil.example:4000', '10.0.0.5.evil.example', '1.2.3:4000'])('and not by a foreign name: %s', (host) => {
    expect(refusal({ host }, { isPublic: true })).toBe('host');
  });
});

describe('the origin', () => {
  test.each(['http://127.0.0.1:4000', 'https://127.0.0.1:4000', 'http://localhost:3000'])(
    'a page of our own or of a configured origin may call: %s',
    (origin) => {
      expect(refusal({ method: 'POST', origin, fetchSite: 'same-site' })).toBeNull();
    },
  );

  test('the port of a scheme need not be written', () => {
    expect(refusal({ host: 'c.example:443', origin: 'https://c.example' }, { hosts: ['c.example:443'] })).toBeNull();
  });

  test.each([
    'https://evil.example',
    'http://127.0.0.1:8080',
    'http://localhost:4000',
    'null',
    '',
    'file://',
    'chrome-extension://127.0.0.1:4000',
  ])('a page of another origin may not: %s', (origin) => {
    expect(refusal({ origin })).toBe('origin');
  });
});

describe('a browser that sends no origin', () => {
  const link = { fetchSite: 'cross-site', fetchMode: 'navigate', fetchDest: 'document' };

  test.each(['cross-site', 'same-site'])('an image, script or frame of another site is refused (%s)', (fetchSite) => {
    expect(refusal({ fetchSite, fetchMode: 'no-cors', fetchDest: 'image' })).toBe('cross-site');
    expect(refusal({ fetchSite, fetchMode: 'navigate', fetchDest: 'iframe' })).toBe('cross-site');
    expect(refusal({ fetchSite, fetchMode: null, fetchDest: null })).toBe('cross-site');
  });

  test('a link on another site opens our page; a form is not sent', () => {
    expect(refusal(link)).toBeNull();
    expect(refusal({ ...link, method: 'POST' })).toBe('cross-site');
  });

  test.each(['same-origin', 'none'])('our own pages and typed addresses are welcome (%s)', (fetchSite) => {
    expect(refusal({ fetchSite, fetchMode: 'cors', fetchDest: 'empty' })).toBeNull();
  });
});

test('the headers are read by their names', () => {
  const headers = new Headers({ host: 'a', origin: 'b', 'sec-fetch-site': 'c', 'sec-fetch-dest': 'd' });
  expect(requestSiteOf('PUT', (name) => headers.get(name))).toEqual({
    method: 'PUT',
    host: 'a',
    origin: 'b',
    fetchSite: 'c',
    fetchMode: null,
    fetchDest: 'd',
  });
});
