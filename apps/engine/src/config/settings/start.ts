import { z } from 'zod';
import { port } from './schemas.ts';
import type { Setting } from './setting.ts';

/** Used by `npm start` only; the engine validates them but does not use them. */
export const startSettings = {
  EMCACHERS_MONGO_PORT: {
    schema: port,
    standard: '27117',
    unit: 'TCP port',
    reason: 'The embedded MongoDB server that `npm start` runs.',
    reader: 'start',
  },
  EMCACHERS_POSTGRES_PORT: {
    schema: port,
    standard: '25432',
    unit: 'TCP port',
    reason: 'The embedded PostgreSQL server that `npm start` runs. The default is below the ephemeral port range.',
    reader: 'start',
  },
  MONGOD_BINARY: {
    schema: z.string().min(1, 'is empty'),
    standard: null,
    unit: 'path to a mongod executable',
    reason: '`npm start` runs this mongod instead of the embedded server. If unset, it looks for mongod on the PATH.',
    reader: 'start',
  },
  EMCACHERS_DEMO: {
    schema: z.enum(['on', 'off'], 'is neither on nor off'),
    standard: null,
    unit: 'on or off',
    reason:
      'Creates the demo shop and writes to it slowly. Defaults to on with the embedded MongoDB and off with your own.',
    reader: 'start',
  },
} as const satisfies Record<string, Setting<unknown>>;
