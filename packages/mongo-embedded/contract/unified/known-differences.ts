/**
 * Tests that cannot hold here, each with the reason. Those of `DRIVER` and of `REFUSED` are run all the same: the day
 * one of them passes, it fails until its line is removed.
 */
import type { ServerFacts } from './run-on.ts';

interface Difference {
  /** End of the file's path. */
  readonly file: string;
  /** Descriptions of its tests that the reason is about; all of them where it is absent. */
  readonly tests?: readonly string[];
  readonly reason: string;
}

/** What version 7.9 of the Node.js driver does otherwise than the specification, whatever the server. */
const DRIVER: readonly Difference[] = [
  {
    file: 'crud/tests/unified/bypassDocumentValidation.json',
    tests: [
      'Aggregate with $out passes bypassDocumentValidation: false',
      'BulkWrite passes bypassDocumentValidation: false',
      'FindOneAndReplace passes bypassDocumentValidation: false',
      'FindOneAndUpdate passes bypassDocumentValidation: false',
      'InsertMany passes bypassDocumentValidation: false',
    ],
    reason: 'does not send bypassDocumentValidation: false',
  },
  {
    file: 'crud/tests/unified/client-bulkWrite-partialResults.json',
    tests: [
      'partialResult is unset when first operation fails during an ordered bulk write (verbose)',
      'partialResult is unset when first operation fails during an ordered bulk write (summary)',
      'partialResult is unset when all operations fail during an unordered bulk write',
    ],
    reason: 'reports a partial result of zeros',
  },
  {
    file: 'crud/tests/unified/create-null-ids.json',
    tests: [
      'inserting _id with type null via insertOne',
      'inserting _id with type null via insertMany',
      'inserting _id with type null via bulkWrite',
      'inserting _id with type null via clientBulkWrite',
    ],
    reason: 'replaces an _id of null by an ObjectId',
  },
  {
    file: 'retryable-writes/tests/unified/bulkWrite.json',
    tests: ['First insertOne is never committed'],
    reason: 'reports the ids of documents that were not inserted',
  },
  {
    file: 'transactions/tests/unified/client-bulkWrite.json',
    tests: ['client bulkWrite with writeConcern in a transaction causes a transaction error'],
    reason: 'does not refuse a write concern of client.bulkWrite inside a transaction',
  },
];

/** What the embedded server refuses; the README lists it. */
const REFUSED: readonly Difference[] = [
  ...[
    'aggregate',
    'bulkWrite',
    'count',
    'deleteMany',
    'deleteOne',
    'distinct',
    'find',
    'findOneAndDelete',
    'findOneAndReplace',
    'findOneAndUpdate',
    'replaceOne',
    'updateMany',
    'updateOne',
  ].map((operation) => ({
    file: `crud/tests/unified/${operation}-collation.json`,
    reason: 'collations other than simple',
  })),
  {
    file: 'crud/tests/unified/findOneAndUpdate-errorResponse.json',
    tests: ['findOneAndUpdate document validation errInfo is accessible'],
    reason: 'validators',
  },
  {
    file: 'unified-test-format/tests/valid-pass/collectionData-createOptions.json',
    reason: 'capped collections',
  },
];

/** Tests that wait for a member that a set of one does not have. */
const SEVERAL_MEMBERS: readonly Difference[] = [
  {
    file: 'transactions/tests/unified/transaction-options.json',
    tests: ['readPreference inherited from client'],
    reason: 'needs a secondary: the replica set has one member',
  },
  {
    file: 'transactions/tests/unified/run-command.json',
    tests: [
      'run command with secondary read preference in client option and primary read preference in transaction options',
    ],
    reason: 'needs a secondary: the replica set has one member',
  },
];

/** Why the test cannot be run on this deployment, or null. */
export function deploymentRefusal(path: string, test: string, facts: ServerFacts): string | null {
  return facts.memberCount > 1 ? null : reasonOf(SEVERAL_MEMBERS, path, test);
}

/** Why the test is known to fail, or null where it must pass. */
export function knownDifference(path: string, test: string, isEmbedded: boolean): string | null {
  const ofDriver = reasonOf(DRIVER, path, test);
  if (ofDriver !== null) return `the driver: ${ofDriver}`;
  const refused = isEmbedded ? reasonOf(REFUSED, path, test) : null;
  return refused === null ? null : `refused by the server: ${refused}`;
}

function reasonOf(differences: readonly Difference[], path: string, test: string): string | null {
  const found = differences.find(({ file, tests }) => path.endsWith(file) && (tests?.includes(test) ?? true));
  return found?.reason ?? null;
}
