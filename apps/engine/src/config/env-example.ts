import { settingNames, settings } from './settings.ts';

/** Renders `.env.example` from the settings; a test compares the two. `node apps/engine/src/config/env-example.ts` prints it. */
export function renderEnvExample(): string {
  const sections = settingNames.map((name) => {
    const { reason, unit, standard } = settings[name];
    return `# ${reason}\n# Value: ${unit}.\n# ${name}=${standard ?? ''}\n`;
  });
  const intro = [
    '# Copy to .env, or set the same names in the environment (which wins) or in emcachers.config.yaml.',
    '# A line with a value shows the default.',
  ];
  return `${intro.join('\n')}\n\n${sections.join('\n')}`;
}

if (import.meta.main) process.stdout.write(renderEnvExample());
