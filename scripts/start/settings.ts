import path from 'node:path';
import type { RotatingLogLimits } from './rotating-log.ts';

/** The settings that `npm start` uses. The engine validates its own settings; only those of the start script are checked here. */
export interface StartSettings {
  readonly dataDir: string;
  readonly host: string;
  readonly enginePort: number;
  readonly consolePort: number;
  readonly mongoPort: number;
  readonly postgresPort: number;
  /** Set by the operator: a server that is neither started nor stopped here. */
  readonly mongoUrl: string | null;
  readonly databaseUrl: string | null;
  readonly mongodBinary: string | null;
  readonly demo: boolean;
  /** What the engine requires of its callers, if it requires a token. */
  readonly token: string | null;
  /** Of each part's log. */
  readonly logLimits: RotatingLogLimits;
  /** A part that still runs this long after SIGTERM is killed, milliseconds. */
  readonly stopMsMax: number;
}

/** An invalid or unusable setting; printed as one message that names the variable, without a stack trace. */
export class StartError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

/** The engine ends by itself within EMCACHERS_STOP_SECONDS; only a process that hangs takes longer. */
const stopReserveMs = 7_000;

export function readStartSettings(environment: Environment, root: string): StartSettings {
  const mongoUrl = text(environment, 'MONGO_URL');
  return {
    dataDir: path.resolve(root, text(environment, 'EMCACHERS_DATA_DIR') ?? '.emcachers'),
    host: text(environment, 'ENGINE_HOST') ?? '127.0.0.1',
    enginePort: port(environment, 'ENGINE_PORT', 4000),
    consolePort: port(environment, 'CONSOLE_PORT', 3000),
    mongoPort: port(environment, 'EMCACHERS_MONGO_PORT', 27117),
    postgresPort: port(environment, 'EMCACHERS_POSTGRES_PORT', 25432),
    mongoUrl,
    databaseUrl: text(environment, 'DATABASE_URL'),
    mongodBinary: text(environment, 'MONGOD_BINARY'),
    // The demo must never write to an operator's own MongoDB unless asked to.
    demo: demoWanted(environment, mongoUrl === null),
    token: text(environment, 'EMCACHERS_TOKEN'),
    logLimits: {
      fileBytesMax: whole(environment, 'EMCACHERS_LOG_FILE_BYTES_MAX', 16_777_216),
      filesKept: whole(environment, 'EMCACHERS_LOG_FILES_KEPT', 3),
    },
    stopMsMax: whole(environment, 'EMCACHERS_STOP_SECONDS', 28) * 1_000 + stopReserveMs,
  };
}

function text(environment: Environment, name: string): string | null {
  const value = environment[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

function port(environment: Environment, name: string, standard: number): number {
  const value = text(environment, name);
  if (value === null) return standard;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 65_535) return number;
  throw new StartError(
    `EMC-1001: ${name} is "${value}", which is not a port. Set ${name} to a number from 1 to 65535.`,
  );
}

/** The engine checks the bounds. */
function whole(environment: Environment, name: string, standard: number): number {
  const value = text(environment, name);
  if (value === null) return standard;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new StartError(`EMC-1001: ${name} is "${value}", which is not a whole number.`);
}

function demoWanted(environment: Environment, standard: boolean): boolean {
  const value = text(environment, 'EMCACHERS_DEMO');
  if (value === null) return standard;
  if (value === 'on' || value === 'off') return value === 'on';
  throw new StartError(`EMC-1001: EMCACHERS_DEMO is "${value}". Set EMCACHERS_DEMO to on or off.`);
}
