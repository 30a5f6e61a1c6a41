import { jobKind } from '../job-kind.ts';

export const resumeJob = jobKind({
  title: 'Resume',
  summary: 'Apply all changes since the pause.',
  audit: 'An operator requested a resume of an entity.',
  input: {},
  isFinal: false,
  action: {
    doing: 'Resuming',
    done: 'Resumed',
    icon: 'resume',
    place: 'menu',
    offered: 'while-paused',
    confirmation: 'none',
    question: 'Resume {entityName}?',
    consequences: [{ term: 'What happens', text: 'The caches apply every change that the oplog has collected.' }],
    options: [],
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    return entity.paused ? null : 'It is not paused.';
  },
  async run({ entity, control }) {
    await control.setPaused(entity.entityId, false);
    return 'Resumed. Caches apply changes from where they stopped.';
  },
});
