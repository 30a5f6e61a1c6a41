import type { Mutant } from '../mutant.ts';

const folder = 'apps/engine/src/pipeline/change-source';
const source = `${folder}/mongo-source.test.ts`;
const filters = 'apps/engine/src/pipeline/ingest/shape-filter.test.ts';

export const changeSourceMutants: readonly Mutant[] = [
  {
    id: 'M1',
    title: 'a scan compares _id within its type',
    edits: [
      {
        file: `${folder}/collection-page.ts`,
        from: "{ $expr: { $gt: ['$_id', { $literal: exactKey(after.document) }] } }",
        to: '{ _id: { $gt: exactKey(after.document) } }',
      },
    ],
    killers: [{ file: source, name: 'finds _ids of every type in order' }],
  },
  {
    id: 'M13',
    title: 'resumeAfter instead of startAfter',
    edits: [
      {
        file: `${folder}/mongo-change-stream.ts`,
        from: 'return { startAfter: token };',
        to: 'return { resumeAfter: token };',
      },
    ],
    killers: [{ file: source, name: 'a token of an invalidate event is not refused as such' }],
  },
  {
    id: 'M14',
    title: 'the $match lets no drop, rename or invalidate through',
    edits: [
      {
        file: `${folder}/stream-pipeline.ts`,
        from: "const namespaceEventTypes = ['drop', 'rename', 'dropDatabase', 'invalidate'] as const;",
        to: 'const namespaceEventTypes = [] as const;',
      },
    ],
    killers: [{ file: source, name: 'a rename onto a followed collection arrives' }],
  },
  {
    id: 'M15',
    title: 'an update whose look-up found nothing is ignored',
    edits: [
      {
        file: `${folder}/change-event.ts`,
        from: `    case 'insert':
    case 'update':
    case 'replace':`,
        to: `    case 'update':
      if ((fields.fullDocument ?? null) === null) return { kind: 'database-gone', database: '' };
      return documentEvent(fields, fields.fullDocument ?? null);
    case 'insert':
    case 'replace':`,
      },
    ],
    killers: [
      { file: `${folder}/change-event.test.ts`, name: 'an update whose lookup found nothing' },
      { file: source, name: 'an update whose document is gone when it is looked up' },
    ],
  },
  {
    id: 'M15b',
    title: 'a change without a document gives no Delete',
    edits: [
      {
        file: `${folder}/to-operation.ts`,
        from: '  if (interested.length === 0) return;\n',
        to: '  if (interested.length === 0 || event.document === null) return;\n',
      },
    ],
    killers: [{ file: `${folder}/to-operation.test.ts`, name: 'gives a Delete with the same DocID' }],
  },
  {
    id: 'X2',
    title: 'the position between two fragments of a change is taken',
    edits: [
      {
        file: `${folder}/mongo-change-stream.ts`,
        from: 'end: end === null || !isWhole ? null : tokenPosition(end)',
        to: 'end: end === null ? null : tokenPosition(end)',
      },
    ],
    killers: [{ file: source, name: 'has no position between the fragments of a change' }],
  },
  {
    id: 'X3',
    title: 'a scan reads without afterClusterTime',
    edits: [
      {
        file: `${folder}/collection-page.ts`,
        from: "readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) }",
        to: "readConcern: { level: 'majority' }",
      },
    ],
    killers: [{ file: source, name: 'is never older than the time that it is asked for' }],
  },
  {
    id: 'X3b',
    title: 'documents are looked up without afterClusterTime',
    edits: [
      {
        file: `${folder}/keyed-documents.ts`,
        from: `    batchSize: keys.length + 1,
    readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) },`,
        to: `    batchSize: keys.length + 1,
    readConcern: { level: 'majority' },`,
      },
    ],
    killers: [{ file: source, name: 'is never older than the time that it is asked for' }],
  },
  {
    id: 'X20',
    title: 'a document that leaves the filter is ignored instead of deleted',
    edits: [
      {
        file: `${folder}/to-operation.ts`,
        from: "if (outcome !== 'outside' || !isInsert) conversion.add(operation);",
        to: "if (outcome !== 'outside') conversion.add(operation);",
      },
    ],
    killers: [{ file: filters, name: 'a document that leaves the filter is deleted' }],
  },
  {
    id: 'X20b',
    title: 'a scan does not count the documents outside of the filter',
    edits: [
      {
        file: 'apps/engine/src/pipeline/oplog/scan-writer.ts',
        from: 'const scanned = page.operations.length + page.counts.outside;',
        to: 'const scanned = page.operations.length;',
      },
    ],
    killers: [{ file: filters, name: 'counts every document that the scan read' }],
  },
];
