import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { z } from 'zod';
import { nearestName } from './nearest-name.ts';
import type { SettingSource, Values } from './setting-sources.ts';
import { isSettingName, type SettingName, settingNames, settings } from './settings.ts';

/** What is wrong with one setting, and what to do. */
export interface SettingProblem {
  readonly name: string;
  readonly code: 'EMC-1001' | 'EMC-1004';
  readonly detail: string;
  readonly hint: string;
}

type Table = typeof settings;

/** The values of all settings; null for one that is not set and has no default. */
export type ParsedSettings = {
  readonly [Name in SettingName]:
    | z.output<Table[Name]['schema']>
    | (Table[Name]['standard'] extends string ? never : null);
};

/** The values are complete only if there are no problems. */
export interface SettingsOutcome {
  readonly parsed: ParsedSettings;
  readonly problems: readonly SettingProblem[];
}

/** Checks every setting, so that all problems are seen at once. */
export function parseSettings(values: Values): SettingsOutcome {
  const problems: SettingProblem[] = [];
  const parsed = Object.fromEntries(
    settingNames.map((name) => {
      const value = parseOne(name, values[name]);
      if (value.problem !== null) problems.push(value.problem);
      return [name, value.data];
    }),
  ) as ParsedSettings;
  return { parsed, problems: problems.length > 0 ? problems : brokenRelations(parsed) };
}

function parseOne(name: SettingName, given: string | undefined): { data: unknown; problem: SettingProblem | null } {
  const { standard, schema, unit } = settings[name];
  const text = given ?? standard;
  if (text === null) return { data: null, problem: null };
  const result = schema.safeParse(text);
  if (result.success) return { data: result.data, problem: null };
  const shown = isSecret(name) ? '' : ` ("${text}")`;
  const problem = result.error.issues[0]?.message ?? 'is invalid';
  return { data: null, problem: wrong(name, `${problem}${shown}`, `Set ${name} to: ${unit}.`) };
}

/** True if the value is a secret, or may contain one. */
export function isSecret(name: SettingName): boolean {
  return /URL|TOKEN|MASK_KEY/.test(name);
}

export function wrong(name: string, problem: string, hint: string): SettingProblem {
  return { name, code: 'EMC-1001', detail: `${name} ${problem}.`, hint };
}

/** The first of each pair must not be below the second: otherwise one of them would have no effect. */
const ordered = [
  ['EMCACHERS_CHANNEL_OPERATIONS_MAX', 'EMCACHERS_BATCH_OPERATIONS_MAX'],
  ['EMCACHERS_CHANNEL_BYTES_MAX', 'EMCACHERS_BATCH_BYTES_MAX'],
  ['EMCACHERS_RETRY_DELAY_MS_MAX', 'EMCACHERS_RETRY_DELAY_MS'],
] as const;

function brokenRelations(parsed: ParsedSettings): readonly SettingProblem[] {
  return ordered
    .filter(([larger, smaller]) => parsed[larger] < parsed[smaller])
    .map(([larger, smaller]) =>
      wrong(
        larger,
        `is ${parsed[larger]}, which is below ${smaller} (${parsed[smaller]})`,
        `Raise ${larger} or lower ${smaller}.`,
      ),
    );
}

/** Variables of the product's own tests, which a developer may have set. */
const testPrefixes = ['EMCACHERS_TEST_', 'EMCACHERS_SPEC_', 'EMCACHERS_PROVE_'] as const;

/** Names that are not settings: of a configuration file every such name, of other sources those with the prefix `EMCACHERS_`. */
export function strangersIn({ values, isOursAlone }: Omit<SettingSource, 'name'>): readonly string[] {
  const isOurs = (name: string): boolean =>
    isOursAlone || (name.startsWith('EMCACHERS_') && !testPrefixes.some((prefix) => name.startsWith(prefix)));
  return Object.keys(values).filter((name) => !isSettingName(name) && isOurs(name));
}

export function strangerProblem(name: string, source: string): SettingProblem {
  const meant = nearestName(name, settingNames);
  const hint = meant === null ? `Remove ${name}; docs/settings.md lists all settings.` : `Did you mean ${meant}?`;
  return wrong(name, `in ${source === 'environment' ? 'the environment' : source} is not a setting`, hint);
}

/** All problems in one error. Each line of a longer report is that of `--check-config`. */
export function settingsError(first: SettingProblem, rest: readonly SettingProblem[]): EmcachersError {
  const all = [first, ...rest];
  return new EmcachersError({
    code: first.code,
    detail: all.map(({ detail }) => detail).join(' '),
    hint: all.map(({ hint }) => hint).join(' '),
  });
}
