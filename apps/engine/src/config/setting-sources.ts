import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { parse as parseYaml } from 'yaml';

/** Text values, keyed by variable name. */
export type Values = Readonly<Record<string, string | undefined>>;

/** One place that settings come from. */
export interface SettingSource {
  /** `environment`, or the name of a file. */
  readonly name: string;
  /** True if every name in it must be a setting: a file of ours, unlike the environment and `.env`. */
  readonly isOursAlone: boolean;
  readonly values: Values;
}

/** Where the settings are looked for. */
export interface SettingPlaces {
  /** The folder with the configuration file and `.env`. */
  readonly folder: string;
  readonly environment: Values;
  /** Read in place of `.env`; it must exist. */
  readonly envFile: string | null;
}

const fileNames = ['emcachers.config.json', 'emcachers.config.yaml', 'emcachers.config.yml'] as const;

/** In increasing order of precedence. Throws EMC-1001, naming the file, if one cannot be read. */
export function readSettingSources({ folder, environment, envFile }: SettingPlaces): readonly SettingSource[] {
  return [
    ...configFile(folder),
    ...envFileSource(folder, envFile),
    { name: 'environment', isOursAlone: false, values: withoutEmpty(environment) },
  ];
}

/** What is set, by the precedence of the sources. */
export function valuesOf(sources: readonly SettingSource[]): Values {
  return Object.assign({}, ...sources.map(({ values }) => values));
}

function envFileSource(folder: string, envFile: string | null): readonly SettingSource[] {
  const file = path.resolve(folder, envFile ?? '.env');
  if (envFile === null && !existsSync(file)) return [];
  const values = withoutEmpty(parseEnv(readText(envFile ?? '.env', file)));
  return [{ name: envFile ?? '.env', isOursAlone: false, values }];
}

function configFile(folder: string): readonly SettingSource[] {
  const name = fileNames.find((candidate) => existsSync(path.join(folder, candidate)));
  if (name === undefined) return [];
  const content = parseConfigFile(name, readText(name, path.join(folder, name)));
  const texts = Object.entries(content).map(([key, value]): [string, string] => [
    key,
    Array.isArray(value) ? value.join(',') : String(value),
  ]);
  return [{ name, isOursAlone: true, values: Object.fromEntries(texts) }];
}

function readText(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function parseConfigFile(name: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    // JSON is YAML; one parser reads both.
    content = parseYaml(text) ?? {};
  } catch (cause) {
    throw unreadable(name, cause);
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content };
  throw new EmcachersError({ code: 'EMC-1001', detail: `${name} is not a mapping from setting names to values.` });
}

function unreadable(name: string, cause: unknown): EmcachersError {
  const detail = `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new EmcachersError({ code: 'EMC-1001', detail, cause });
}

/** An empty variable counts as unset, because shells and containers cannot always unset one. */
function withoutEmpty(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value.trim() !== ''));
}
