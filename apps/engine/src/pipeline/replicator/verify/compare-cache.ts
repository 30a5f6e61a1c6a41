/**
 * Compares a cache with the oplog while both change. A difference counts only if it persists past the place of the comparison:
 * the file has applied the document's newest entry, no newer one has come, and the row is still not what that entry says.
 * Keeps I11: pages are bounded, and so are the numbers of suspects and of differences.
 * Worst case: a document that changes all the time is never compared at rest. Each of its changes writes its whole row.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { thresholds } from '@emcachers/core/status-facts';
import type { NewestId, NewestRow } from '@emcachers/db/verify/newest-entries';
import type { OplogReader } from '../../oplog/oplog.ts';
import type { RowDifferences } from '../../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../../sqlite-cache/sqlite-cache.ts';

export interface ComparisonDependencies {
  readonly clock: Clock;
  readonly oplog: Pick<OplogReader, 'readNewest' | 'newestIdsOf' | 'dataOf'>;
  readonly store: Pick<CacheStore, 'compare'>;
  /** Rows compared per second at most, so that readers and changes are not held up. */
  readonly rowsPerSecondMax: number;
  readonly limits?: ComparisonLimits;
}

export interface ComparisonLimits {
  /** Rows that differ only at their first reading, as those of a busy entity do, before the reading ends. Default 500,000. */
  readonly suspectsMax: number;
  /** Wrong rows that are mended one by one. The comparison ends soon after it has found more. Default 20,000. */
  readonly differencesMax: number;
}

export interface ComparisonRequest {
  readonly entityId: number;
  readonly signal: AbortSignal;
  /** Called after each page with the rows compared so far. */
  readonly onProgress: (compared: number) => Promise<void>;
}

export interface ComparisonResult {
  readonly compared: number;
  /** All wrong rows, or some if `incomplete` says why. */
  readonly differences: RowDifferences;
  /** EMC-4006: too many rows are wrong. EMC-5021: too many rows changed meanwhile. Null if all rows were compared. */
  readonly incomplete: EmcachersError | null;
}

const limitsByDefault: ComparisonLimits = { suspectsMax: 500_000, differencesMax: thresholds.repairRowsMax };
const pageRowsMax = 1_000;
/** Documents looked up in the oplog at once, which reads the whole partition. */
const lookUpMax = 50_000;
/** How often a document whose newest entry is not applied yet is looked at again, and how long after each other. */
const looksMax = 40;
const lookAgainMs = 250;

/** Throws EMC-4001 if the file is damaged. */
export async function compareCache(
  dependencies: ComparisonDependencies,
  request: ComparisonRequest,
): Promise<ComparisonResult> {
  const { compared, suspects, isWhole } = await findSuspects(dependencies, request);
  const onLook = (): Promise<void> => request.onProgress(compared);
  const differences = await persisting(dependencies, { ...request, docIds: [...suspects], onLook });
  const { differencesMax } = limitsOf(dependencies);
  if (allOf(differences).length > differencesMax)
    return { compared, differences, incomplete: tooMany(request.entityId, differencesMax) };
  return { compared, differences, incomplete: isWhole ? null : tooFast(request.entityId) };
}

interface Suspects {
  readonly compared: number;
  readonly suspects: ReadonlySet<string>;
  /** False if there were so many that the reading ended early. */
  readonly isWhole: boolean;
}

/** Documents whose rows differed when they were read, which may only mean that the two were at different places. */
async function findSuspects(
  dependencies: ComparisonDependencies,
  { entityId, signal, onProgress }: ComparisonRequest,
): Promise<Suspects> {
  const { clock, oplog, store, rowsPerSecondMax } = dependencies;
  const { suspectsMax } = limitsOf(dependencies);
  const suspects = new Set<string>();
  let compared = 0;
  let after: string | null = null;
  const compare = async (page: readonly NewestRow[], upTo: string | null): Promise<void> => {
    const docIds = page.map(({ docId }) => docId);
    const data = page.map((row) => row.data);
    const expected = { entityId, range: { after, upTo }, docIds, data, differencesMax: suspectsMax + 1 };
    for (const docId of allOf(await store.compare(expected))) suspects.add(docId);
    after = upTo;
  };
  // No pause is longer than a second, so that a cancellation is soon noticed.
  const pageRows = Math.max(1, Math.min(pageRowsMax, rowsPerSecondMax));
  await oplog.readNewest({ entityId, pageRows, signal }, async (page) => {
    const startedAtMs = clock.monotonicMs();
    await compare(page, page.at(-1)?.docId ?? null);
    compared += page.length;
    await onProgress(compared);
    const dueMs = (page.length * 1_000) / rowsPerSecondMax;
    await clock.sleep(Math.max(0, dueMs - (clock.monotonicMs() - startedAtMs)), signal);
    return suspects.size <= suspectsMax;
  });
  signal.throwIfAborted();
  if (suspects.size <= suspectsMax) await compare([], null);
  return { compared, suspects, isWhole: suspects.size <= suspectsMax };
}

interface PersistenceRequest extends Pick<ComparisonRequest, 'entityId' | 'signal'> {
  readonly docIds: readonly string[];
  readonly onLook?: () => Promise<void>;
}

/** Those of the documents that still differ at a place that both have reached; some of them if they are more than can be mended. */
export async function persisting(
  dependencies: ComparisonDependencies,
  { docIds, ...request }: PersistenceRequest,
): Promise<RowDifferences> {
  const { differencesMax } = limitsOf(dependencies);
  const found = { missing: [] as string[], extra: [] as string[], different: [] as string[] };
  for (let start = 0; start < docIds.length; start += lookUpMax) {
    const part = docIds.slice(start, start + lookUpMax);
    for await (const settled of looks(dependencies, { ...request, docIds: part })) {
      found.missing.push(...settled.missing);
      found.extra.push(...settled.extra);
      found.different.push(...settled.different);
      if (allOf(found).length > differencesMax) return found;
    }
  }
  return found;
}

/** What is settled at each look, until nothing is left or the last look. */
async function* looks(
  dependencies: ComparisonDependencies,
  { entityId, docIds, signal, onLook }: PersistenceRequest,
): AsyncIterable<RowDifferences> {
  let open = docIds;
  for (let look = 0; look < looksMax && open.length > 0; look += 1) {
    if (look > 0) await dependencies.clock.sleep(lookAgainMs, signal);
    await onLook?.();
    signal.throwIfAborted();
    const { settled, later } = await lookOnce(dependencies, entityId, open);
    yield settled;
    open = later;
  }
}

/** `later`: documents whose newest entry the file has not applied, or that changed during the look. */
async function lookOnce(
  dependencies: ComparisonDependencies,
  entityId: number,
  docIds: readonly string[],
): Promise<{ settled: RowDifferences; later: readonly string[] }> {
  const { oplog } = dependencies;
  const before = byDocument(await oplog.newestIdsOf({ entityId, docIds }));
  const { seen, offset } = await compareWith(dependencies, { entityId, docIds, newest: before });
  const suspects = allOf(seen);
  if (suspects.length === 0) return { settled: seen, later: [] };
  // The row may be newer than the entry that it was compared with.
  const after = byDocument(await oplog.newestIdsOf({ entityId, docIds: suspects }));
  const isSettled = (docId: string): boolean => {
    const id = before.get(docId) ?? null;
    return id === (after.get(docId) ?? null) && (id === null || id <= offset);
  };
  const settled = {
    missing: seen.missing.filter(isSettled),
    extra: seen.extra.filter(isSettled),
    different: seen.different.filter(isSettled),
  };
  return { settled, later: suspects.filter((docId) => !isSettled(docId)) };
}

/** Compares in pages, because rows may be large. `offset`: what the file had reached at the first page. */
async function compareWith(
  { oplog, store }: ComparisonDependencies,
  given: {
    readonly entityId: number;
    readonly docIds: readonly string[];
    readonly newest: ReadonlyMap<string, number>;
  },
): Promise<{ seen: RowDifferences; offset: number }> {
  const { entityId, newest } = given;
  const seen = { missing: [] as string[], extra: [] as string[], different: [] as string[] };
  let offset = Number.POSITIVE_INFINITY;
  for (let start = 0; start < given.docIds.length; start += pageRowsMax) {
    const docIds = given.docIds.slice(start, start + pageRowsMax);
    const ids = docIds.map((docId) => newest.get(docId)).filter((id) => id !== undefined);
    // An entry that is gone has a newer one, so its document is looked at again.
    const rows = await oplog.dataOf({ entityId, ids });
    const data = docIds.map((docId) => rows.get(newest.get(docId) ?? 0) ?? null);
    const found = await store.compare({ entityId, range: null, docIds, data, differencesMax: pageRowsMax });
    offset = Math.min(offset, found.offset);
    seen.missing.push(...found.missing);
    seen.extra.push(...found.extra);
    seen.different.push(...found.different);
  }
  return { seen, offset };
}

function byDocument(entries: readonly NewestId[]): ReadonlyMap<string, number> {
  return new Map(entries.map(({ docId, id }) => [docId, id]));
}

export function allOf({ missing, extra, different }: RowDifferences): string[] {
  return [...missing, ...extra, ...different];
}

function limitsOf({ limits = limitsByDefault }: ComparisonDependencies): ComparisonLimits {
  return limits;
}

function tooMany(entityId: number, differencesMax: number): EmcachersError {
  return new EmcachersError({
    code: 'EMC-4006',
    detail: `More than ${differencesMax} rows of entity ${entityId} differ. Rebuild the cache.`,
  });
}

function tooFast(entityId: number): EmcachersError {
  return new EmcachersError({
    code: 'EMC-5021',
    detail: `Entity ${entityId} changes faster than it is compared. Verify it again while it changes less, or raise EMCACHERS_VERIFY_ROWS_PER_SECOND.`,
  });
}
