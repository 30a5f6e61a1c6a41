import path from 'node:path';
import process from 'node:process';
import type { OplogLook } from '@emcachers/core/capture-report';
import type { SnapshotLimits } from '../pipeline/sqlite-cache/snapshot/snapshot-limits.ts';
import { type ComponentOptions, componentOptions } from './component-options.ts';
import { examineSettings } from './examine-settings.ts';
import { type ParsedSettings, settingsError } from './parse-settings.ts';
import {
  readSettingSources,
  type SettingPlaces,
  type SettingSource,
  type Values,
  valuesOf,
} from './setting-sources.ts';
import type { Role } from './settings/node.ts';
import type { SettingName } from './settings.ts';

/**
 * The engine's configuration. Sources in order of precedence: the environment, `.env`, `emcachers.config.json|yaml`, the
 * defaults. One schema checks each value. Only this file reads `process.env`. An invalid value fails with EMC-1001 and the
 * variable's name; the message omits a value that may contain a password.
 */
export interface Config extends ComponentOptions {
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
  /** How MongoDB's oplog is watched: the time between two looks, and what is left when status warns and is degraded. */
  readonly headroom: { readonly checkMs: number } & OplogLook['limits'];
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
  /** Key of the columns that are masked by a hash; null if none is set. */
  readonly maskKey: Uint8Array | null;
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
  /** Further hosts at which clients reach the engine, in addition to loopback names and `host`. */
  readonly hosts: readonly string[];
  /** Origins whose pages may call the engine from a browser. */
  readonly consoleOrigins: readonly string[];
  readonly token: string | null;
  readonly logLevel: string;
  /** Names in the environment that look like settings; only in development, where they do not end the start. */
  readonly unknownNames: readonly string[];
}

/** Throws EMC-1001 or EMC-1004 with every problem. */
export function loadConfig(places: SettingPlaces): Config {
  return configOf(readSettingSources(places), places.folder);
}

/** The folder in which the process was started, and its environment. */
export function defaultPlaces(): SettingPlaces {
  return { folder: process.cwd(), environment: process.env, envFile: null };
}

/** The settings that are set, unparsed: environment variables, then `.env`, then the configuration file of `folder`. */
export function readSettingValues(folder: string, environment: Values): Values {
  return valuesOf(readSettingSources({ folder, environment, envFile: null }));
}

/** Relative paths are resolved against `folder`. Throws as `loadConfig` does. */
export function configOf(sources: readonly SettingSource[], folder: string): Config {
  const { parsed, problems, unknownNames } = examineSettings(sources);
  const [first, ...rest] = problems;
  if (first !== undefined) throw settingsError(first, rest);
  return build(parsed, { folder, unknownNames });
}

interface BuildContext {
  readonly folder: string;
  readonly unknownNames: readonly string[];
}

function build(parsed: ParsedSettings, { folder, unknownNames }: BuildContext): Config {
  return {
    ...componentOptions(parsed),
    unknownNames,
    mongoUrl: present('MONGO_URL', parsed.MONGO_URL),
    databaseUrl: present('DATABASE_URL', parsed.DATABASE_URL),
    dataDir: path.resolve(folder, parsed.EMCACHERS_DATA_DIR),
    snapshots: inFolder(componentOptions(parsed).snapshots, folder),
    roles: parsed.EMCACHERS_ROLES,
    nodeId: parsed.EMCACHERS_NODE_ID,
    forgetNodeHours: parsed.EMCACHERS_FORGET_NODE_HOURS,
    sourceCheckMs: 1000 * parsed.EMCACHERS_SOURCE_CHECK_SECONDS,
    headroom: {
      checkMs: 1_000 * parsed.EMCACHERS_HEADROOM_CHECK_SECONDS,
      warningMs: 3_600_000 * parsed.EMCACHERS_HEADROOM_WARNING_HOURS,
      criticalMs: 60_000 * parsed.EMCACHERS_HEADROOM_CRITICAL_MINUTES,
    },
    scansMax: parsed.EMCACHERS_SCANS_MAX,
    scanDocumentsPerSecond: parsed.EMCACHERS_SCAN_DOCUMENTS_PER_SECOND,
    largeDocumentBytes: parsed.EMCACHERS_LARGE_DOCUMENT_BYTES,
    rowBytesMax: parsed.EMCACHERS_ROW_BYTES_MAX,
    transactionOperationsMax: parsed.EMCACHERS_TRANSACTION_OPERATIONS_MAX,
    transactionBytesMax: parsed.EMCACHERS_TRANSACTION_BYTES_MAX,
    maskKey: parsed.EMCACHERS_MASK_KEY === null ? null : Buffer.from(parsed.EMCACHERS_MASK_KEY),
    deadLettersMax: parsed.EMCACHERS_DEAD_LETTERS_MAX,
    compaction: {
      checkMs: 1_000 * parsed.EMCACHERS_COMPACTION_SECONDS,
      entriesMin: parsed.EMCACHERS_COMPACTION_ENTRIES_MIN,
      tombstoneMs: 3_600_000 * parsed.EMCACHERS_TOMBSTONE_HOURS,
      giveUpMs: 60_000 * parsed.EMCACHERS_GIVE_UP_MINUTES,
    },
    verifyEveryMs: 3_600_000 * parsed.EMCACHERS_VERIFY_HOURS,
    verifyRowsPerSecondMax: parsed.EMCACHERS_VERIFY_ROWS_PER_SECOND,
    leaseMs: parsed.EMCACHERS_LEASE_MS,
    stallMsMax: parsed.EMCACHERS_STALL_SECONDS * 1_000,
    failAfterMs: parsed.EMCACHERS_FAIL_AFTER_SECONDS === null ? null : parsed.EMCACHERS_FAIL_AFTER_SECONDS * 1_000,
    host: parsed.ENGINE_HOST,
    port: parsed.ENGINE_PORT,
    hosts: [`${parsed.ENGINE_HOST}:${parsed.ENGINE_PORT}`, ...(parsed.EMCACHERS_HOSTS ?? [])],
    consoleOrigins: [...consoleOriginsOf(parsed.CONSOLE_PORT), ...(parsed.EMCACHERS_CONSOLE_ORIGINS ?? [])],
    token: parsed.EMCACHERS_TOKEN,
    logLevel: parsed.LOG_LEVEL,
  };
}

function inFolder(snapshots: SnapshotLimits, folder: string): SnapshotLimits {
  const absolute = (directory: string | null): string | null =>
    directory === null ? null : path.resolve(folder, directory);
  const { directory, startDirectory } = snapshots;
  return { ...snapshots, directory: absolute(directory), startDirectory: absolute(startDirectory) };
}

function consoleOriginsOf(port: number): string[] {
  return [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
}

/** `examineSettings` has reported a value that is absent. */
function present(name: SettingName, value: string | null): string {
  if (value === null) throw new Error(`${name} is absent.`);
  return value;
}
