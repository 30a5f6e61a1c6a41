import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { errorCodes } from '@emcachers/core/error-codes';
import { root } from './repository.ts';

const retries = {
  never: 'The engine does not retry.',
  backoff: 'The engine retries with exponential backoff.',
  rescan: 'The engine rescans the collections; caches keep serving meanwhile.',
  rebuild: 'The engine rebuilds the cache while the old one keeps serving.',
} as const;

/** Renders docs/errors.md from the catalogue; a test compares the two. `node tidy/errors-page.ts` writes the file. */
export function renderErrorsPage(): string {
  const entries = Object.entries(errorCodes).toSorted(([a], [b]) => a.localeCompare(b));
  const sections = entries.map(
    ([code, entry]) =>
      `## ${code} ${entry.title}\n\n**Cause.** ${entry.cause}\n\n**What to do.** ${entry.remedy}\n\n${retries[entry.retry]}\n`,
  );
  const intro =
    'Every error of the engine, the API and the console has one of these codes. This page is generated from ' +
    '[the catalogue](../packages/core/src/error-codes.ts) by `node tidy/errors-page.ts`.';
  return `# Errors\n\n${intro}\n\n${sections.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(path.join(root, 'docs/errors.md'), renderErrorsPage());
