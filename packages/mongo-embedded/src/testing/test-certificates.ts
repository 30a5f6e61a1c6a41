/**
 * Certificates for tests of TLS, made when a test runs, so that no private key is stored anywhere. Node's `crypto` signs;
 * it cannot write X.509, so the few fields that a test needs are encoded here. Sources: RFC 5280 (certificates), X.690
 * (DER), RFC 5480 (elliptic curve keys).
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, as PEM texts. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority that exists only in one test. */
export interface TestAuthority {
  /** The authority's own certificate, as a PEM text. */
  readonly cert: string;
  /** A certificate for 127.0.0.1 and localhost, for a server or a client of this name. */
  issue(name: string): TestCertificate;
}

const validMs = 24 * 60 * 60 * 1000;
/** A clock that is a little behind must not make a certificate invalid. */
const allowanceMs = 60 * 60 * 1000;

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const isTrue = der(0x01, Buffer.from([0xff]));
const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));

function nameOf(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(commonName)))));
}

function timeOf(ms: number): Buffer {
  const text = new Date(ms)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);
  return der(0x17, Buffer.from(text));
}

/** basicConstraints: the certificate may sign others. Critical, as RFC 5280 demands. */
const authorityExtensions = [sequence(objectId('551d13'), isTrue, der(0x04, sequence(isTrue)))];
/** subjectAltName: the DNS name localhost and the address 127.0.0.1. */
const hostExtensions = [
  sequence(
    objectId('551d11'),
    der(0x04, sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))),
  ),
];

interface Request {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function certificate({ issuer, subject, publicKey, signingKey, extensions }: Request): string {
  const nowMs = Date.now();
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(timeOf(nowMs - allowanceMs), timeOf(nowMs + validMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signingKey));
  const text = sequence(body, ecdsaWithSha256, signature).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A new authority, unknown to everybody else. */
export function createTestAuthority(name = 'test authority'): TestAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signed = { issuer: name, signingKey: own.privateKey };
  return {
    cert: certificate({ ...signed, subject: name, publicKey: own.publicKey, extensions: authorityExtensions }),
    issue(subject) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      return {
        cert: certificate({ ...signed, subject, publicKey, extensions: hostExtensions }),
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}
