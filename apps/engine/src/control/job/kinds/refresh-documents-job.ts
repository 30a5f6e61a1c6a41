import { parseSourceName } from '@emcachers/core/shape';
import { counted, grouped } from '@emcachers/core/status-words';
import type { RereadTally } from '../../../pipeline/ingest/reread.ts';
import { type SelectedDocuments, selectedDocuments, selectionOf } from '../document-input.ts';
import { jobKind } from '../job-kind.ts';
import { untilApplied } from '../until-applied.ts';

/** Partial refresh: reads some documents again, beside the stream. The others are not touched. */
export const refreshDocumentsJob = jobKind({
  title: 'Refresh documents',
  summary: 'Read some documents again from the source: those with given _ids, of a query, or since a time.',
  audit: 'An operator requested a refresh of documents.',
  input: { documents: selectedDocuments },
  errors: ['EMC-5012'],
  isPerInput: true,
  auditDetail: ({ documents }) => ({ documents: withoutValues(documents) }),
  isFinal: false,
  action: {
    doing: 'Refreshing documents of',
    done: 'Refreshed documents of',
    icon: 'refresh',
    place: 'menu',
    offered: 'always',
    confirmation: 'dialog',
    question: 'Refresh documents of {entityName}?',
    consequences: [
      { term: 'What happens', text: 'The engine reads the documents again from {sourceName}.' },
      { term: 'Readers', text: 'Rows change one by one, never to an earlier state. Other rows are not touched.' },
      {
        term: 'Deleted documents',
        text: 'Rows are deleted if you name their ids, or a time of their ObjectIds, and MongoDB no longer has them. A query cannot find them.',
      },
    ],
    options: [],
    documents: 'selection',
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    return entity.route === 'oplog' ? null : 'It is not live. Its next scan reads every document.';
  },
  async check({ input, sourceName, source }) {
    const selection = selectionOf(input.documents);
    if (selection.kind === 'query')
      await source.checkFilter({ namespace: parseSourceName(sourceName), filter: selection.filter });
  },
  async run(context) {
    const { entity, input, refreshDocuments, signal, note } = context;
    const selection = selectionOf(input.documents);
    const onProgress = (tally: RereadTally): Promise<void> => note(`Refreshing. So far ${wordsOf(tally)}.`);
    const tally = await refreshDocuments({ entity, selection, signal, onProgress });
    return `${sentence(wordsOf(tally))}. ${await untilApplied(context)}`;
  },
});

function withoutValues(documents: SelectedDocuments): object {
  if ('ids' in documents) return { ids: documents.ids.length };
  return 'query' in documents ? { query: Object.keys(documents.query) } : documents;
}

function wordsOf(tally: Readonly<RereadTally>): string {
  const parts = [
    [tally.gone, 'no longer in the source and deleted'],
    [tally.refused, 'refused'],
    [tally.changed, 'left to the stream, because they changed meanwhile'],
  ] as const;
  const others = parts.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
  return [`${counted(tally.written, 'document', 'documents')} written`, ...others].join(', ');
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
