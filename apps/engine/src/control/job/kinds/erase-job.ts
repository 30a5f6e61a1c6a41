import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { counted, grouped } from '@emcachers/core/status-words';
import { createFindDocuments, type FindDocuments, type FindRequest } from '../../../pipeline/ingest/find-documents.ts';
import type { ErasureOutcome } from '../../../pipeline/oplog/erasure.ts';
import { type CacheReport, servesLaterThan } from '../../entity/entity-control.ts';
import { documentIds, keysOf } from '../document-input.ts';
import { deleteSnapshots } from '../erased-snapshots.ts';
import { type JobContext, jobKind } from '../job-kind.ts';
import { waitFor } from '../wait-for.ts';

/** Longest wait for nodes to build their files and to delete the old ones, milliseconds. */
const filesWaitMsMax = 30 * 60_000;

const input = { ids: documentIds };
type EraseContext = JobContext<typeof input>;

/**
 * Removes what the oplog and the caches still have of documents that MongoDB no longer has. Caches are built again from what is left of the oplog,
 * because SQLite may keep copies of deleted rows in its pages (docs/decisions/0015-erasure.md).
 */
export const eraseJob = jobKind({
  title: 'Erase documents',
  summary:
    'Remove every trace of documents that no longer exist in the source from the oplog and from the cache files.',
  audit: 'An operator requested the erasure of documents.',
  input,
  errors: ['EMC-5013'],
  isPerInput: true,
  auditDetail: ({ ids }) => ({ ids: ids.length }),
  isFinal: false,
  action: {
    doing: 'Erasing documents of',
    done: 'Erased documents of',
    icon: 'discard',
    place: 'menu',
    offered: 'unless-paused',
    confirmation: 'typed-name',
    question: 'Erase documents of {entityName}?',
    consequences: [
      {
        term: 'First',
        text: 'Delete the documents in {sourceName}. The engine refuses to erase documents that MongoDB still has.',
      },
      {
        term: 'What happens',
        text: 'Their values are removed from the oplog, from dead letters and from staging, and {caches} are built again. Snapshots that nodes have made of them are deleted.',
      },
      { term: 'Readers', text: 'Applications use the current files until the new ones have caught up.' },
      {
        term: 'Not reached',
        text: 'Write-ahead logs, replicas and backups of PostgreSQL and MongoDB, and copies of cache files and of snapshots.',
      },
    ],
    options: [],
    documents: 'ids',
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    if (entity.lifecycle !== 'live') return 'It is not live. Wait for the end of its scan.';
    return entity.paused ? 'It is paused, so its caches would keep the rows. Resume it first.' : null;
  },
  async check({ input: { ids }, sourceName, source }) {
    const { signal } = new AbortController();
    await refuseExisting(createFindDocuments(source), { sourceName, keys: keysOf(ids, ['ids']), signal });
  },
  async run(context) {
    const keys = keysOf(context.input.ids, ['ids']);
    const docIds = keys.map(docIdOfDocument);
    const { entity, findDocuments, signal } = context;
    await refuseExisting(findDocuments, { sourceName: entity.sourceName, keys, signal });
    await deleteMissed(context, keys);
    await context.note('Removing the entries from the oplog. A compaction that is running is waited for.');
    const erased = await eraseEntries(context, docIds);
    const caches = await rebuildCaches(context);
    const unclean = caches.filter(({ isClean, isPrompt }) => isPrompt && !isClean);
    if (unclean.length > 0) throw notErased(erased, unclean);
    const snapshots = await deleteSnapshots(context, erased);
    return [erased, cacheWords(caches), snapshots, notReached(caches)].join(' ');
  },
});

/** One sentence about where the job could not look, with the nodes that it knows by name. */
function notReached(caches: readonly RebuiltCache[]): string {
  const silent = namesOf(caches.filter(({ isClean }) => !isClean));
  const nodes =
    silent === ''
      ? 'nodes that are switched off, which will build their files when they return'
      : `${silent}, which did not report, and other nodes that are switched off: they will build their files when they return`;
  return (
    `Not looked at: ${nodes}; write-ahead logs, replicas and backups of PostgreSQL and MongoDB; copies of cache files and of snapshots; freed blocks of disks. ` +
    'The _ids remain in job records, and in Deletes of the oplog until compaction removes them.'
  );
}

async function refuseExisting(find: FindDocuments, request: FindRequest): Promise<void> {
  const existing = await find(request);
  if (existing.length > 0) throw stillThere(existing);
}

/** Finds Deletes that the oplog missed, and waits until it has those that are under way. */
async function deleteMissed(context: EraseContext, keys: readonly Uint8Array[]): Promise<void> {
  const { entity, refreshDocuments, signal } = context;
  const selection = { kind: 'keys', keys } as const;
  await refreshDocuments({ entity, selection, signal, onProgress: async () => undefined });
}

async function eraseEntries(
  { entity, eraseFromOplog, signal }: EraseContext,
  docIds: readonly string[],
): Promise<string> {
  const outcome = await eraseFromOplog({ entityId: entity.entityId, docIds, signal });
  if (outcome.kind === 'present') throw stillThere(outcome.docIds);
  if (outcome.kind === 'erased') return postgresWords(outcome);
  throw new EmcachersError({
    code: 'EMC-5004',
    detail: 'A scan of the entity began meanwhile. Request the erasure again after it.',
  });
}

function stillThere(docIds: readonly string[]): EmcachersError {
  const detail = `MongoDB still has ${counted(docIds.length, 'of the documents', 'of the documents')}, for example ${docIds[0]}.`;
  return new EmcachersError({ code: 'EMC-5013', detail });
}

function postgresWords({ rows, notRewritten }: Extract<ErasureOutcome, { kind: 'erased' }>): string {
  const { documents, entries, staged, swept, deadLetters } = rows;
  const removed = `Erased ${counted(documents, 'document', 'documents')}. PostgreSQL: removed ${counted(entries, 'entry', 'entries')}, ${counted(deadLetters, 'dead letter', 'dead letters')} and ${grouped(staged + swept)} held rows`;
  if (notRewritten.length === 0) return `${removed}; their tables were written anew.`;
  return `${removed}; ${notRewritten.join(', ')} could not be written anew, so the values remain in unused space until it is overwritten.`;
}

/** How long a node that has just built its first cache may take to report it, milliseconds. */
const firstReportMsMax = 10_000;

interface RebuiltCache extends CacheReport {
  /** Built after the entries were erased, and without older files beside it. */
  readonly isClean: boolean;
}

/** Every node builds a new file from the oplog and deletes the old ones. A node that is away does so when it returns. */
async function rebuildCaches(context: EraseContext): Promise<readonly RebuiltCache[]> {
  const { entity, control, clock, note } = context;
  const before = new Map((await control.caches(entity.entityId)).map((cache) => [cache.nodeId, cache.generation ?? 0]));
  await control.rebuild(entity.entityId);
  await note('Building new cache files, and deleting the old ones.');
  const endMs = clock.monotonicMs() + filesWaitMsMax;
  const reportEndMs = clock.monotonicMs() + firstReportMsMax;
  const isClean = (cache: CacheReport): boolean =>
    cache.generations === 1 && servesLaterThan(cache, before.get(cache.nodeId) ?? 0);
  return waitFor(context, async () => {
    const reports = await control.caches(entity.entityId);
    const caches = reports.map((cache) => ({ ...cache, isClean: isClean(cache) }));
    const isReported = caches.some((cache) => cache.isPrompt) || clock.monotonicMs() > reportEndMs;
    const isDone = isReported && caches.every((cache) => !cache.isPrompt || cache.isClean);
    return isDone || clock.monotonicMs() > endMs ? caches : null;
  });
}

function cacheWords(caches: readonly RebuiltCache[]): string {
  const clean = namesOf(caches.filter(({ isClean }) => isClean));
  return `Caches: built again without older files on ${clean === '' ? 'no node' : clean}.`;
}

function namesOf(caches: readonly RebuiltCache[]): string {
  return caches.map(({ nodeId }) => nodeId).join(', ');
}

function notErased(erased: string, unclean: readonly RebuiltCache[]): EmcachersError {
  const states = unclean.map(({ nodeId, state, generations }) => {
    const files =
      typeof generations === 'number'
        ? counted(generations, 'generation', 'generations')
        : 'an unknown number of generations';
    return `${nodeId} (${state}, files of ${files})`;
  });
  const detail = `${erased} Cache files still may have the values on ${states.join(', ')}.`;
  return new EmcachersError({ code: 'EMC-5014', detail });
}
