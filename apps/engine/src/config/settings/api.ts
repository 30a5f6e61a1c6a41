import { z } from 'zod';
import { port } from './schemas.ts';
import type { Setting } from './setting.ts';

/** The engine's address, and the token that clients need. */
export const apiSettings = {
  ENGINE_HOST: {
    schema: z.string().min(1, 'is empty'),
    standard: '127.0.0.1',
    unit: 'address to listen on',
    reason: 'Loopback addresses need no authentication; any other address requires EMCACHERS_TOKEN.',
    reader: 'engine',
  },
  ENGINE_PORT: {
    schema: port,
    standard: '4000',
    unit: 'TCP port; 0 picks a free port',
    reason: 'Serves tRPC, REST, health checks and metrics.',
    reader: 'engine',
  },
  EMCACHERS_TOKEN: {
    schema: z.string().min(16, 'has fewer than 16 characters'),
    standard: null,
    unit: 'secret, 16 characters or more',
    reason: 'Clients send it as a bearer token. Required unless the engine listens on loopback only.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
