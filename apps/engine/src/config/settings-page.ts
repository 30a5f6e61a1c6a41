import { settingGroups } from './settings.ts';

/** Renders `docs/settings.md` from the settings; a test compares the two. `node apps/engine/src/config/settings-page.ts` prints it. */
export function renderSettingsPage(): string {
  const groups = settingGroups.map(({ title, settings }) => `## ${title}\n\n${tableOf(settings)}\n`);
  return `${intro}\n${groups.join('\n')}`;
}

const intro = `# Settings

Every setting is an environment variable. \`.env\` and \`emcachers.config.json\` or \`.yaml\` in the folder in which the engine is started
use the same names. The environment has precedence over \`.env\`, and \`.env\` over the configuration file. An empty value counts as unset.

\`\`\`sh
npm run engine -- --check-config                        # everything that is wrong with the settings
npm run engine -- --check-config --env-file edge.env    # the same with another file in place of .env
npm run engine -- --print-config                        # each value and where it comes from, without secrets
\`\`\`

Each prints its problems to standard error, one a line with code and next step, and ends with code 1 if there are any. A wrong value
never starts the engine. \`EMCACHERS_ENV\` says what becomes of a name with the prefix \`EMCACHERS_\` that is not a setting: *production*
refuses it and suggests the nearest name, *development* logs it, *test* ignores it. A configuration file may hold settings only.
`;

function tableOf(settings: (typeof settingGroups)[number]['settings']): string {
  const rows = Object.entries(settings).map(
    ([name, { standard, unit, reason }]) =>
      `| \`${name}\` | ${standard === null ? '' : `\`${standard}\``} | ${unit} | ${reason} |`,
  );
  return ['| variable | default | value | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

if (import.meta.main) process.stdout.write(renderSettingsPage());
