import { z } from 'zod';

/**
 * Every setting of the product: one table from which the schema, `.env.example` and the error messages are made.
 * The names are the environment's; the configuration file uses the same ones.
 */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** As text, as one would write it in the environment; null means: no value. */
  readonly standard: string | null;
  readonly unit: string;
  readonly reason: string;
  /** Read by `npm start` or the console only; the engine checks it and passes it by. */
  readonly reader: 'engine' | 'start';
}

export const roles = ['ingest', 'replicate', 'api'] as const;
export type Role = (typeof roles)[number];
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

const portMax = 65_535;
const port = z
  .string()
  .regex(/^\d+$/, `is not a port number from 0 to ${portMax}`)
  .transform(Number)
  .refine((value) => value <= portMax, `is not a port number from 0 to ${portMax}`);

function url(schemes: readonly string[]): z.ZodType<string, string> {
  const wanted = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return z.string().refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
    message: `does not begin with ${wanted}`,
  });
}

const roleList = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !roles.some((role) => role === name));
  if (unknown.length > 0) {
    context.addIssue({ code: 'custom', message: `names "${unknown.join(', ')}"; the roles are ${roles.join(', ')}` });
    return z.NEVER;
  }
  return roles.filter((role) => names.includes(role));
});

const originList = z.string().transform((text, context) => {
  const origins = text.split(',').map((origin) => origin.trim());
  if (origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)) return origins;
  context.addIssue({ code: 'custom', message: 'is not a list of origins such as https://console.example.org' });
  return z.NEVER;
});

export const settings = {
  MONGO_URL: {
    schema: url(['mongodb', 'mongodb+srv']),
    standard: null,
    unit: 'MongoDB connection string of a replica set or sharded cluster',
    reason: 'The source. `npm start` brings a server of its own when this is not set.',
    reader: 'engine',
  },
  DATABASE_URL: {
    schema: url(['postgres', 'postgresql']),
    standard: null,
    unit: 'PostgreSQL connection string',
    reason: 'Where the oplog lives. `npm start` brings a server of its own when this is not set.',
    reader: 'engine',
  },
  EMCACHERS_DATA_DIR: {
    schema: z.string().min(1, 'is empty'),
    standard: '.emcachers',
    unit: 'directory',
    reason: 'Cache files and this node’s own facts; applications open <data dir>/dbs/<entity>/db.sqlite.',
    reader: 'engine',
  },
  EMCACHERS_ROLES: {
    schema: roleList,
    standard: 'ingest,replicate,api',
    unit: 'list, separated by commas, of ingest, replicate and api',
    reason: 'What this process does; one process does all by default.',
    reader: 'engine',
  },
  EMCACHERS_NODE_ID: {
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not 1 to 63 letters, digits, dots and hyphens'),
    standard: null,
    unit: 'name',
    reason:
      'How operators know this node. Without it the node makes a name from the host and keeps it in its data directory.',
    reader: 'engine',
  },
  ENGINE_HOST: {
    schema: z.string().min(1, 'is empty'),
    standard: '127.0.0.1',
    unit: 'address to listen on',
    reason: 'Loopback needs no login; any other address needs EMCACHERS_TOKEN.',
    reader: 'engine',
  },
  ENGINE_PORT: {
    schema: port,
    standard: '4000',
    unit: 'TCP port; 0 takes a free one',
    reason: 'tRPC, REST, health and metrics.',
    reader: 'engine',
  },
  CONSOLE_PORT: {
    schema: port,
    standard: '3000',
    unit: 'TCP port',
    reason: 'The console; the engine lets a browser at this port’s origin call it.',
    reader: 'engine',
  },
  EMCACHERS_CONSOLE_ORIGINS: {
    schema: originList,
    standard: null,
    unit: 'list of origins, separated by commas',
    reason: 'Other addresses under which the console is opened, for example behind a proxy.',
    reader: 'engine',
  },
  EMCACHERS_TOKEN: {
    schema: z.string().min(16, 'has fewer than 16 characters'),
    standard: null,
    unit: 'secret, 16 characters or more',
    reason: 'Sent as a bearer token by every client when the engine does not listen on loopback alone.',
    reader: 'engine',
  },
  LOG_LEVEL: {
    schema: z.enum(logLevels, `is not one of ${logLevels.join(', ')}`),
    standard: 'info',
    unit: logLevels.join(', '),
    reason: 'Logs are JSON lines on standard output.',
    reader: 'engine',
  },
  EMCACHERS_MONGO_PORT: {
    schema: port,
    standard: '27117',
    unit: 'TCP port',
    reason: 'The MongoDB server that `npm start` brings.',
    reader: 'start',
  },
  EMCACHERS_POSTGRES_PORT: {
    schema: port,
    standard: '54317',
    unit: 'TCP port',
    reason: 'The PostgreSQL server that `npm start` brings.',
    reader: 'start',
  },
  MONGOD_BINARY: {
    schema: z.string().min(1, 'is empty'),
    standard: null,
    unit: 'path of a mongod executable',
    reason: 'Run by `npm start` instead of the embedded server; also looked for on the PATH.',
    reader: 'start',
  },
  EMCACHERS_DEMO: {
    schema: z.enum(['on', 'off'], 'is neither on nor off'),
    standard: null,
    unit: 'on or off',
    reason: 'The demo shop and its gentle writer; on with the embedded MongoDB, off with your own unless asked for.',
    reader: 'start',
  },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings).filter((name): name is SettingName => name in settings);
