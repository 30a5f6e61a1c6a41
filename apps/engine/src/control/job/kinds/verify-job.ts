import { jobKind } from '../job-kind.ts';
import { runVerification, verificationRefusal } from '../verification-run.ts';

/** Every node compares its cache with the oplog, row by row, while changes go on. */
export const verifyJob = jobKind({
  title: 'Verify',
  summary: 'Compare every row of the caches with the oplog, on every node. Readers and changes go on meanwhile.',
  audit: 'An operator requested a verification of an entity.',
  input: {},
  isFinal: false,
  action: {
    doing: 'Verifying',
    done: 'Verified',
    icon: 'verify',
    place: 'menu',
    offered: 'always',
    confirmation: 'dialog',
    question: 'Verify the caches of {entityName}?',
    consequences: [
      {
        term: 'What happens',
        text: 'Each node compares the {documents} rows of its cache with the oplog. It does not read MongoDB.',
      },
      {
        term: 'Readers',
        text: 'Applications are not affected. The comparison is slowed down so that changes are not held up.',
      },
      { term: 'At the end', text: 'The job says how many rows are missing, extra or different. Nothing is changed.' },
    ],
    options: [],
  },
  refusal: verificationRefusal,
  run: (context) => runVerification(context, false),
});
