import type { RowExplanation, RowVerdict, SourceSide } from '@emcachers/core/row-explanation';
import type { StatusWords } from './status-words.ts';

/** The verdict of a row in the console's words. */
export function wordsOfVerdict({ verdict, source }: Pick<RowExplanation, 'verdict' | 'source'>): StatusWords {
  if (verdict === 'fresh' && source.state === 'absent') return { tone: 'ok', words: 'Does not exist' };
  return verdictWords[verdict];
}

const verdictWords: Readonly<Record<RowVerdict, StatusWords>> = {
  fresh: { tone: 'ok', words: 'Up to date' },
  masked: { tone: 'ok', words: 'Up to date, masked' },
  'filtered-out': { tone: 'ok', words: 'Filtered out' },
  'in-flight': { tone: 'busy', words: 'On its way' },
  'staged-by-scan': { tone: 'busy', words: 'Waits for a scan' },
  unknown: { tone: 'unknown', words: 'Not known' },
  'cache-behind': { tone: 'warn', words: 'Cache behind' },
  'dead-lettered': { tone: 'bad', words: 'Dead letter' },
  'source-changed-without-event': { tone: 'bad', words: 'Change missing' },
  'cache-wrong': { tone: 'bad', words: 'Cache wrong' },
};

/** Why MongoDB’s side has no row. */
export const sourceWords: Readonly<Record<SourceSide['state'], string>> = {
  found: 'has the document',
  absent: 'does not have the document',
  outside: 'has it, outside of the filter',
  refused: 'has it, but it is refused',
  unknown: 'could not be read',
};
