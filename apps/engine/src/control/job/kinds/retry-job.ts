import { counted, grouped } from '@emcachers/core/status-words';
import type { RetryTally } from '../../../pipeline/ingest/dead-letter-retry.ts';
import { jobKind } from '../job-kind.ts';
import { letterInput } from '../letter-input.ts';

/** Reads documents that have dead letters again, by their `_id`. */
export const retryJob = jobKind({
  title: 'Retry dead letters',
  summary: 'Read documents that have dead letters again from the source: those in docIds, or all.',
  audit: 'An operator requested a retry of dead letters.',
  input: letterInput,
  isPerInput: true,
  isFinal: false,
  action: {
    doing: 'Retrying dead letters of',
    done: 'Retried dead letters of',
    icon: 'retry',
    place: 'menu',
    offered: 'with-dead-letters',
    confirmation: 'dialog',
    question: 'Retry dead letters of {entityName}?',
    consequences: [
      { term: 'What happens', text: 'The engine reads {letters} again from {sourceName}.' },
      {
        term: 'Readers',
        text: 'Documents that can be copied now appear in the caches. Documents that no longer exist lose their dead letter.',
      },
      { term: 'Otherwise', text: 'A document that is refused again keeps its dead letter, with one more attempt.' },
    ],
    options: [],
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    return entity.route === 'oplog' ? null : 'It is not live. Its next scan reads every document again.';
  },
  async run({ entity, input, retryDeadLetters, signal, note }) {
    const docIds = input.docIds ?? null;
    const onProgress = (tally: RetryTally): Promise<void> => note(progressOf(tally));
    return outcomeOf(await retryDeadLetters({ entity, docIds, signal, onProgress }));
  },
});

function progressOf(tally: RetryTally): string {
  const tried = tally.copied + tally.gone + tally.refused + tally.changed + tally.unreadable;
  return `Retried ${grouped(tried)} of ${counted(tally.total, 'dead letter', 'dead letters')}.`;
}

function outcomeOf(tally: RetryTally): string {
  const parts = [
    [tally.copied, 'copied'],
    [tally.gone, 'no longer in the source'],
    [tally.refused, 'refused again'],
    [tally.changed, 'changed or discarded meanwhile'],
    [tally.unreadable, 'with an _id that cannot be looked up'],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
  const found = words.length === 0 ? '.' : `: ${words.join(', ')}.`;
  return `Retried ${counted(tally.total, 'document', 'documents')}${found}`;
}
