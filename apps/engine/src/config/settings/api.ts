import { z } from 'zod';
import { numberSetting, port } from './schemas.ts';
import type { Setting } from './setting.ts';

const hostList = z.string().transform((text, context) => {
  const hosts = text.split(',').map((host) => host.trim());
  if (hosts.every((host) => URL.canParse(`http://${host}`) && /^[^\s/?#@]+$/.test(host))) return hosts;
  context.addIssue({ code: 'custom', message: 'is not a list of hosts such as engine.example.org:4000' });
  return z.NEVER;
});

/** The engine's address, its names, and the token that clients need. */
export const apiSettings = {
  ENGINE_HOST: {
    schema: z.string().min(1, 'is empty'),
    standard: '127.0.0.1',
    unit: 'address to listen on',
    reason: 'A loopback address needs no EMCACHERS_TOKEN; any other address requires it.',
    reader: 'engine',
  },
  ENGINE_PORT: {
    schema: port,
    standard: '4000',
    unit: 'TCP port; 0 picks a free port',
    reason: 'Serves tRPC, REST, health checks and metrics.',
    reader: 'engine',
  },
  EMCACHERS_HOSTS: {
    schema: hostList,
    standard: null,
    unit: 'comma-separated list of host names, with the port unless it is 80 or 443',
    reason:
      'Further names by which clients reach the engine, as they write them. A request with another Host is refused, because DNS rebinding would look like it. Addresses need not be named.',
    reader: 'engine',
  },
  EMCACHERS_TOKEN: {
    schema: z.string().min(16, 'has fewer than 16 characters'),
    standard: null,
    unit: 'secret, 16 characters or more',
    reason:
      'Clients send it as a bearer token, and the console asks for it. If set, it is asked for everywhere, also on loopback; required unless the engine listens on loopback only.',
    reader: 'engine',
  },
  EMCACHERS_API_BODY_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65_536,
    max: 64 * 1024 * 1024,
    standard: 1024 * 1024,
    reason:
      'The largest body of a request. The default is far more than a shape with 500 columns and long paths needs.',
  }),
  EMCACHERS_API_REQUEST_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 3_600,
    standard: 30,
    reason: 'The longest that a client may take to send a whole request.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
