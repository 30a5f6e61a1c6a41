import { z } from 'zod';

/**
 * Every setting of the product. The schema, `.env.example` and the error messages are generated from this table.
 * Names are environment variables; the configuration file uses the same names.
 */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** The default, as text in the form the environment would hold; null if there is none. */
  readonly standard: string | null;
  readonly unit: string;
  readonly reason: string;
  /** `start`: used by `npm start` or the console only; the engine validates the value but does not use it. */
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
    reason: 'The source database. If unset, `npm start` runs its own MongoDB server.',
    reader: 'engine',
  },
  DATABASE_URL: {
    schema: url(['postgres', 'postgresql']),
    standard: null,
    unit: 'PostgreSQL connection string',
    reason: 'The database that stores the oplog. If unset, `npm start` runs its own PostgreSQL server.',
    reader: 'engine',
  },
  EMCACHERS_DATA_DIR: {
    schema: z.string().min(1, 'is empty'),
    standard: '.emcachers',
    unit: 'directory',
    reason: 'Holds the cache files and this node’s metadata. Applications open <data dir>/dbs/<entity>/db.sqlite.',
    reader: 'engine',
  },
  EMCACHERS_ROLES: {
    schema: roleList,
    standard: 'ingest,replicate,api',
    unit: 'comma-separated list of ingest, replicate and api',
    reason: 'The roles this process runs. By default one process runs all of them.',
    reader: 'engine',
  },
  EMCACHERS_NODE_ID: {
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not 1 to 63 letters, digits, dots and hyphens'),
    standard: null,
    unit: 'name',
    reason:
      'The name operators see for this node. If unset, a name is derived from the host name and saved in the data directory.',
    reader: 'engine',
  },
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
  CONSOLE_PORT: {
    schema: port,
    standard: '3000',
    unit: 'TCP port',
    reason: 'Serves the console. The engine accepts browser requests from this port’s origin.',
    reader: 'engine',
  },
  EMCACHERS_CONSOLE_ORIGINS: {
    schema: originList,
    standard: null,
    unit: 'comma-separated list of origins',
    reason: 'Additional origins that serve the console, for example behind a proxy.',
    reader: 'engine',
  },
  EMCACHERS_TOKEN: {
    schema: z.string().min(16, 'has fewer than 16 characters'),
    standard: null,
    unit: 'secret, 16 characters or more',
    reason: 'Clients send it as a bearer token. Required unless the engine listens on loopback only.',
    reader: 'engine',
  },
  LOG_LEVEL: {
    schema: z.enum(logLevels, `is not one of ${logLevels.join(', ')}`),
    standard: 'info',
    unit: logLevels.join(', '),
    reason: 'The lowest level to log. Logs are JSON lines on standard output.',
    reader: 'engine',
  },
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

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings).filter((name): name is SettingName => name in settings);
