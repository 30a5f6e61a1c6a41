import { counted } from '@emcachers/core/status-words';
import { jobKind } from '../job-kind.ts';
import { letterInput } from '../letter-input.ts';

/** Deletes dead letters without copying their documents. */
export const discardJob = jobKind({
  title: 'Discard dead letters',
  summary: 'Delete dead letters without copying their documents: those in docIds, or all.',
  audit: 'An operator requested to discard dead letters.',
  input: letterInput,
  isPerInput: true,
  isFinal: false,
  action: {
    doing: 'Discarding dead letters of',
    done: 'Discarded dead letters of',
    icon: 'discard',
    place: 'menu',
    offered: 'with-dead-letters',
    confirmation: 'dialog',
    question: 'Discard dead letters of {entityName}?',
    consequences: [
      { term: 'What happens', text: 'The engine deletes {letters} and the copies of the documents in them.' },
      {
        term: 'Readers',
        text: 'The documents remain missing from the caches. A later change of a document, or a refresh, tries it again.',
      },
      { term: 'Kept', text: '{sourceName} in MongoDB. The audit log records the request.' },
    ],
    options: [],
  },
  refusal: (entity) => (entity.lifecycle === 'deleting' ? 'It is being deleted.' : null),
  async run({ entity, input, control }) {
    const discarded = await control.discardDeadLetters(entity.entityId, input.docIds ?? null);
    return `Discarded ${counted(discarded, 'dead letter', 'dead letters')}.`;
  },
});
