import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { errorCodes } from '@emcachers/core/error-codes';
import { root } from './repository.ts';

const retries = {
  never: 'The engine does not try again by itself.',
  backoff: 'The engine tries again, with growing pauses.',
  rescan: 'The engine reads the collections again; caches keep serving meanwhile.',
  rebuild: 'The engine builds the cache anew beside the old one.',
} as const;

/** docs/errors.md, made from the catalogue so that the two cannot differ. `node tidy/errors-page.ts` writes it. */
export function renderErrorsPage(): string {
  const sections = Object.entries(errorCodes).map(
    ([code, entry]) =>
      `## ${code} ${entry.title}\n\n**Cause.** ${entry.cause}\n\n**What to do.** ${entry.remedy}\n\n${retries[entry.retry]}\n`,
  );
  const intro =
    'Every error of the engine, the API and the console carries one of these codes. Made from ' +
    '[the catalogue](../packages/core/src/error-codes.ts); `node tidy/errors-page.ts` writes it anew.';
  return `# Errors\n\n${intro}\n\n${sections.join('\n')}`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(path.join(root, 'docs/errors.md'), renderErrorsPage());
