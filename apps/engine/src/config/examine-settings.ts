import { errorCodes } from '@emcachers/core/error-codes';
import { isLoopback } from './loopback.ts';
import {
  type ParsedSettings,
  parseSettings,
  type SettingProblem,
  strangerProblem,
  strangersIn,
  wrong,
} from './parse-settings.ts';
import { type SettingSource, valuesOf } from './setting-sources.ts';
import type { SettingName } from './settings.ts';

/** The values of the settings, which are complete only if there are no problems. */
export interface Examination {
  readonly parsed: ParsedSettings;
  readonly problems: readonly SettingProblem[];
  /** Unknown names that do not end the start. */
  readonly unknownNames: readonly string[];
}

/** Finds everything that is wrong with the settings of all sources. */
export function examineSettings(sources: readonly SettingSource[]): Examination {
  const { parsed, problems } = parseSettings(valuesOf(sources));
  const faulty: ReadonlySet<string> = new Set(problems.map(({ name }) => name));
  const strangers = sources.flatMap((source) => strangersIn(source).map((name) => ({ name, source })));
  const isStrict = faulty.has('EMCACHERS_ENV') || parsed.EMCACHERS_ENV === 'production';
  const refused = strangers.filter(({ source }) => source.isOursAlone || isStrict);
  const ignored = strangers.filter((each) => !refused.includes(each));
  const later = [...missing(parsed), ...openAddress(parsed, faulty)];
  return {
    parsed,
    problems: [
      ...refused.map(({ name, source }) => strangerProblem(name, source.name)),
      ...problems,
      ...later.filter(({ name }) => !faulty.has(name)),
    ],
    unknownNames: parsed.EMCACHERS_ENV === 'development' ? ignored.map(({ name }) => name) : [],
  };
}

function missing(parsed: ParsedSettings): readonly SettingProblem[] {
  const names = ['MONGO_URL', 'DATABASE_URL'] as const satisfies readonly SettingName[];
  const hint = (name: string): string =>
    `Set ${name}, or run \`npm start\`, which runs its own server for each one that is unset.`;
  return names.filter((name) => parsed[name] === null).map((name) => wrong(name, 'is not set', hint(name)));
}

/** A token that is wrong is reported as such. */
function openAddress(parsed: ParsedSettings, faulty: ReadonlySet<string>): readonly SettingProblem[] {
  const { ENGINE_HOST: host, EMCACHERS_TOKEN: token } = parsed;
  if (isLoopback(host) || token !== null || faulty.has('EMCACHERS_TOKEN')) return [];
  const detail = `ENGINE_HOST is ${host}, which other machines can reach, but EMCACHERS_TOKEN is not set.`;
  return [{ name: 'ENGINE_HOST', code: 'EMC-1004', detail, hint: errorCodes['EMC-1004'].remedy }];
}
