import { jobKind } from '../job-kind.ts';
import { runVerification, verificationRefusal } from '../verification-run.ts';

/** As `verify`, and the rows that differ are written again as the oplog has them, in the file that is served. */
export const repairJob = jobKind({
  title: 'Repair',
  summary: 'Compare every row of the caches with the oplog, and write the rows that differ again.',
  audit: 'An operator requested a repair of an entity.',
  input: {},
  isFinal: false,
  action: {
    doing: 'Repairing',
    done: 'Repaired',
    icon: 'repair',
    place: 'menu',
    offered: 'always',
    confirmation: 'dialog',
    question: 'Repair the caches of {entityName}?',
    consequences: [
      {
        term: 'What happens',
        text: 'Each node compares the {documents} rows of its cache with the oplog, and corrects exactly those that differ.',
      },
      { term: 'Readers', text: 'Applications keep the same file. They see the corrected rows at once.' },
      { term: 'Otherwise', text: 'If very many rows differ, nothing is changed; rebuild the cache instead.' },
    ],
    options: [],
  },
  refusal: verificationRefusal,
  run: (context) => runVerification(context, true),
});
