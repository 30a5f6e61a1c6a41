import { redactCredentials } from '../observability/log.ts';
import { examineSettings } from './examine-settings.ts';
import { isSecret } from './parse-settings.ts';
import type { SettingSource } from './setting-sources.ts';
import { type SettingName, settingNames, settings } from './settings.ts';

/** What a command about the configuration prints. */
export interface ConfigReport {
  /** For standard output. */
  readonly lines: readonly string[];
  /** For standard error: one line for each problem, with its code and the next step. */
  readonly problems: readonly string[];
}

/** `--check-config`: everything that is wrong with the settings, or where they come from. */
export function checkReport(sources: readonly SettingSource[]): ConfigReport {
  const problems = problemLines(sources);
  if (problems.length > 0) return { lines: [], problems };
  const counts = sources.map(({ name, values }) => {
    const count = settingNames.filter((setting) => values[setting] !== undefined).length;
    return `${count} from ${name === 'environment' ? 'the environment' : name}`;
  });
  return { lines: [`The settings are valid: ${counts.join(', ')}; the others are defaults.`], problems };
}

/** `--print-config`: each setting that has a value, and where the value comes from. Secrets are replaced. */
export function printReport(sources: readonly SettingSource[]): ConfigReport {
  return { lines: settingNames.flatMap((name) => printed(name, sources)), problems: problemLines(sources) };
}

function problemLines(sources: readonly SettingSource[]): readonly string[] {
  return examineSettings(sources).problems.map(({ code, detail, hint }) => `${code} ${detail} ${hint}`);
}

function printed(name: SettingName, sources: readonly SettingSource[]): readonly string[] {
  const source = sources.findLast(({ values }) => values[name] !== undefined);
  const value = source?.values[name] ?? settings[name].standard;
  return value === null ? [] : [`${name}=${shown(name, value)}  # ${source?.name ?? 'default'}`];
}

/** A connection string keeps what is no secret, if its form is understood. */
function shown(name: SettingName, value: string): string {
  if (!isSecret(name)) return value;
  return name.endsWith('URL') && settings[name].schema.safeParse(value).success ? redactCredentials(value) : '***';
}
