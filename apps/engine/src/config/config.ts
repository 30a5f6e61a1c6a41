import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { parse as parseYaml } from 'yaml';
import type { Role } from './settings/node.ts';
import { type SettingName, settingNames, settings } from './settings.ts';

/**
 * The engine's configuration. Sources in order of precedence: the environment, `.env`, `emcachers.config.json|yaml`, the
 * defaults. One schema checks each value. Only this file reads `process.env`. An invalid value fails with EMC-1001 and the
 * variable's name; the message omits a value that may contain a password.
 */
export interface Config {
  readonly mongoUrl: string;
  readonly databaseUrl: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly roles: readonly Role[];
  readonly nodeId: string | null;
  /** A node without a heartbeat for this long is removed from the fleet. */
  readonly forgetNodeHours: number;
  /** Interval between two checks of the sources, milliseconds. */
  readonly sourceCheckMs: number;
  /** Scans that read at the same time. */
  readonly scansMax: number;
  /** Of all scans together; 0: no limit. */
  readonly scanDocumentsPerSecond: number;
  /** Largest encoded row of a document, bytes. */
  readonly rowBytesMax: number;
  /** Documents with more bytes are projected in a thread. */
  readonly largeDocumentBytes: number;
  /** Bounds of what readers see together. */
  readonly transactionOperationsMax: number;
  readonly transactionBytesMax: number;
  /** Dead letters kept per entity. */
  readonly deadLettersMax: number;
  readonly compaction: {
    readonly checkMs: number;
    readonly entriesMin: number;
    readonly tombstoneMs: number;
    readonly giveUpMs: number;
  };
  /** Time between two verifications of an entity, milliseconds; 0: only on request. */
  readonly verifyEveryMs: number;
  readonly verifyRowsPerSecondMax: number;
  readonly leaseMs: number;
  /** A leader whose ingest makes no progress for longer gives up the lead. */
  readonly stallMsMax: number;
  /** The engine exits if a server does not answer for this long; null: it retries without end. */
  readonly failAfterMs: number | null;
  readonly host: string;
  readonly port: number;
  /** Origins whose pages may call the engine from a browser. */
  readonly consoleOrigins: readonly string[];
  readonly token: string | null;
  readonly logLevel: string;
}

type Values = Readonly<Record<string, string | undefined>>;
const fileNames = ['emcachers.config.json', 'emcachers.config.yaml', 'emcachers.config.yml'] as const;

export function loadConfig(folder: string = process.cwd(), environment: Values = process.env): Config {
  return checkConfig(readSettingValues(folder, environment), folder);
}

/** The settings that are set, unparsed: environment variables, then `.env`, then the configuration file of `folder`. */
export function readSettingValues(folder: string, environment: Values): Values {
  return { ...readConfigFile(folder), ...readDotEnv(folder), ...withoutEmpty(environment) };
}

/** Parses text values, keyed by variable name. Relative paths are resolved against `folder`. */
export function checkConfig(values: Values, folder: string): Config {
  const parsed = parseSettings(values);
  const config: Config = {
    mongoUrl: required('MONGO_URL', parsed.MONGO_URL),
    databaseUrl: required('DATABASE_URL', parsed.DATABASE_URL),
    dataDir: path.resolve(folder, required('EMCACHERS_DATA_DIR', parsed.EMCACHERS_DATA_DIR)),
    roles: required('EMCACHERS_ROLES', parsed.EMCACHERS_ROLES),
    nodeId: parsed.EMCACHERS_NODE_ID,
    forgetNodeHours: required('EMCACHERS_FORGET_NODE_HOURS', parsed.EMCACHERS_FORGET_NODE_HOURS),
    sourceCheckMs: 1000 * required('EMCACHERS_SOURCE_CHECK_SECONDS', parsed.EMCACHERS_SOURCE_CHECK_SECONDS),
    scansMax: required('EMCACHERS_SCANS_MAX', parsed.EMCACHERS_SCANS_MAX),
    scanDocumentsPerSecond: required('EMCACHERS_SCAN_DOCUMENTS_PER_SECOND', parsed.EMCACHERS_SCAN_DOCUMENTS_PER_SECOND),
    largeDocumentBytes: required('EMCACHERS_LARGE_DOCUMENT_BYTES', parsed.EMCACHERS_LARGE_DOCUMENT_BYTES),
    rowBytesMax: required('EMCACHERS_ROW_BYTES_MAX', parsed.EMCACHERS_ROW_BYTES_MAX),
    transactionOperationsMax: required(
      'EMCACHERS_TRANSACTION_OPERATIONS_MAX',
      parsed.EMCACHERS_TRANSACTION_OPERATIONS_MAX,
    ),
    transactionBytesMax: required('EMCACHERS_TRANSACTION_BYTES_MAX', parsed.EMCACHERS_TRANSACTION_BYTES_MAX),
    deadLettersMax: required('EMCACHERS_DEAD_LETTERS_MAX', parsed.EMCACHERS_DEAD_LETTERS_MAX),
    compaction: {
      checkMs: 1_000 * required('EMCACHERS_COMPACTION_SECONDS', parsed.EMCACHERS_COMPACTION_SECONDS),
      entriesMin: required('EMCACHERS_COMPACTION_ENTRIES_MIN', parsed.EMCACHERS_COMPACTION_ENTRIES_MIN),
      tombstoneMs: 3_600_000 * required('EMCACHERS_TOMBSTONE_HOURS', parsed.EMCACHERS_TOMBSTONE_HOURS),
      giveUpMs: 60_000 * required('EMCACHERS_GIVE_UP_MINUTES', parsed.EMCACHERS_GIVE_UP_MINUTES),
    },
    verifyEveryMs: 3_600_000 * required('EMCACHERS_VERIFY_HOURS', parsed.EMCACHERS_VERIFY_HOURS),
    verifyRowsPerSecondMax: required('EMCACHERS_VERIFY_ROWS_PER_SECOND', parsed.EMCACHERS_VERIFY_ROWS_PER_SECOND),
    leaseMs: required('EMCACHERS_LEASE_MS', parsed.EMCACHERS_LEASE_MS),
    stallMsMax: required('EMCACHERS_STALL_SECONDS', parsed.EMCACHERS_STALL_SECONDS) * 1_000,
    failAfterMs: parsed.EMCACHERS_FAIL_AFTER_SECONDS === null ? null : parsed.EMCACHERS_FAIL_AFTER_SECONDS * 1_000,
    host: required('ENGINE_HOST', parsed.ENGINE_HOST),
    port: required('ENGINE_PORT', parsed.ENGINE_PORT),
    consoleOrigins: [
      ...consoleOriginsOf(required('CONSOLE_PORT', parsed.CONSOLE_PORT)),
      ...(parsed.EMCACHERS_CONSOLE_ORIGINS ?? []),
    ],
    token: parsed.EMCACHERS_TOKEN,
    logLevel: required('LOG_LEVEL', parsed.LOG_LEVEL),
  };
  if (!isLoopback(config.host) && config.token === null) throw tokenMissing(config.host);
  return config;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function consoleOriginsOf(port: number): string[] {
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}

type Parsed = { [Name in SettingName]: ReturnType<(typeof settings)[Name]['schema']['parse']> | null };

function parseSettings(values: Values): Parsed {
  const parsed = Object.fromEntries(settingNames.map((name) => [name, parseOne(name, values[name])]));
  return parsed as Parsed;
}

function parseOne(name: SettingName, given: string | undefined): unknown {
  const setting = settings[name];
  const text = given ?? setting.standard;
  if (text === null) return null;
  const result = setting.schema.safeParse(text);
  if (result.success) return result.data;
  const shown = /URL|TOKEN/.test(name) ? '' : ` ("${text}")`;
  const problem = result.error.issues[0]?.message ?? 'is invalid';
  throw wrong(name, `${problem}${shown}`, `Set ${name} to: ${setting.unit}.`);
}

function required<T>(name: SettingName, value: T | null): T {
  if (value !== null) return value;
  const hint = `Set ${name}, or run \`npm start\`, which runs its own server for each one that is unset.`;
  throw wrong(name, 'is not set', hint);
}

function wrong(name: string, problem: string, hint: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-1001', detail: `${name} ${problem}.`, hint });
}

function tokenMissing(host: string): EmcachersError {
  return new EmcachersError({
    code: 'EMC-1004',
    detail: `ENGINE_HOST is ${host}, which other machines can reach, but EMCACHERS_TOKEN is not set.`,
  });
}

function readDotEnv(folder: string): Values {
  const file = path.join(folder, '.env');
  return existsSync(file) ? withoutEmpty(parseEnv(readFileSync(file, 'utf8'))) : {};
}

function readConfigFile(folder: string): Values {
  const name = fileNames.find((candidate) => existsSync(path.join(folder, candidate)));
  if (name === undefined) return {};
  const content = parseConfigFile(name, readFileSync(path.join(folder, name), 'utf8'));
  const strangers = Object.keys(content).filter((key) => !(key in settings));
  if (strangers[0] !== undefined) throw wrong(strangers[0], `in ${name} is not a setting`, 'Check its spelling.');
  const texts = Object.entries(content).map(([key, value]): [string, string] => [
    key,
    Array.isArray(value) ? value.join(',') : String(value),
  ]);
  return Object.fromEntries(texts);
}

function parseConfigFile(name: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    // JSON is YAML; one parser reads both.
    content = parseYaml(text) ?? {};
  } catch (cause) {
    const detail = `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new EmcachersError({ code: 'EMC-1001', detail, cause });
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
  throw new EmcachersError({ code: 'EMC-1001', detail: `${name} is not a mapping from setting names to values.` });
}

/** An empty variable counts as unset, because shells and containers cannot always unset one. */
function withoutEmpty(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value.trim() !== ''));
}
