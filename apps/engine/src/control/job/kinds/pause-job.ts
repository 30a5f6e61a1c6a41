import { jobKind } from '../job-kind.ts';

export const pauseJob = jobKind({
  title: 'Pause',
  summary: 'Stop applying changes. Caches keep their rows, which go out of date.',
  audit: 'An operator requested a pause of an entity.',
  input: {},
  isFinal: false,
  action: {
    doing: 'Pausing',
    done: 'Paused',
    icon: 'pause',
    place: 'menu',
    offered: 'unless-paused',
    confirmation: 'dialog',
    question: 'Pause {entityName}?',
    consequences: [
      { term: 'What happens', text: 'The caches of this entity stop applying changes.' },
      { term: 'Readers', text: 'Applications see the rows as they are now; these go out of date.' },
      { term: 'Changes', text: 'The oplog still stores them. Resume applies all of them.' },
    ],
    options: [],
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    return entity.paused ? 'It is already paused.' : null;
  },
  async run({ entity, control }) {
    await control.setPaused(entity.entityId, true);
    return 'Paused. Caches keep their rows and the oplog keeps collecting changes until you resume.';
  },
});
