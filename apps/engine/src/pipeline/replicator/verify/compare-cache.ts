/**
 * Compares a cache with the oplog while both change. A difference counts only if it persists past the place of the comparison:
 * the file has applied the document's newest entry, no newer one has come, and the row is still not what that entry says.
 * Keeps I11: pages are bounded, and so is the number of differences.
 * Worst case: a document that changes all the time is never compared at rest. Each of its changes writes its whole row.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { NewestEntry, NewestRow } from '@emcachers/db/verify/newest-entries';
import type { OplogReader } from '../../oplog/oplog.ts';
import type { RowDifferences } from '../../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../../sqlite-cache/sqlite-cache.ts';

export interface ComparisonDependencies {
  readonly clock: Clock;
  readonly oplog: Pick<OplogReader, 'readNewest' | 'newestOf'>;
  readonly store: Pick<CacheStore, 'compare'>;
  /** Rows compared per second at most, so that readers and changes are not held up. */
  readonly rowsPerSecondMax: number;
}

export interface ComparisonRequest {
  readonly entityId: number;
  readonly signal: AbortSignal;
  /** Called after each page with the rows compared so far. */
  readonly onProgress: (compared: number) => Promise<void>;
}

export interface ComparisonResult {
  readonly compared: number;
  readonly differences: RowDifferences;
}

const pageRowsMax = 1_000;
/** More differences than this are not mended row by row. */
export const differencesMax = 20_000;
/** Documents looked up in the oplog at once. */
const lookUpMax = 5_000;
/** How often a document whose newest entry is not applied yet is looked at again, and how long after each other. */
const looksMax = 40;
const lookAgainMs = 250;

/** Throws EMC-4006 if more rows differ than can be mended, EMC-4001 if the file is damaged. */
export async function compareCache(
  dependencies: ComparisonDependencies,
  request: ComparisonRequest,
): Promise<ComparisonResult> {
  const { compared, suspects } = await findSuspects(dependencies, request);
  return { compared, differences: await persisting(dependencies, { ...request, docIds: [...suspects] }) };
}

/** Documents whose rows differed when they were read, which may only mean that the two were at different places. */
async function findSuspects(
  { clock, oplog, store, rowsPerSecondMax }: ComparisonDependencies,
  { entityId, signal, onProgress }: ComparisonRequest,
): Promise<{ compared: number; suspects: ReadonlySet<string> }> {
  const suspects = new Set<string>();
  let compared = 0;
  let after: string | null = null;
  const compare = async (page: readonly NewestRow[], upTo: string | null): Promise<void> => {
    const docIds = page.map(({ docId }) => docId);
    const data = page.map((row) => row.data);
    const found = await store.compare({ entityId, range: { after, upTo }, docIds, data, differencesMax });
    for (const docId of allOf(found)) suspects.add(docId);
    if (suspects.size > differencesMax) throw tooMany(entityId);
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
  });
  signal.throwIfAborted();
  await compare([], null);
  return { compared, suspects };
}

interface PersistenceRequest extends Pick<ComparisonRequest, 'entityId' | 'signal'> {
  readonly docIds: readonly string[];
}

/** Those of the documents that still differ at a place that both have reached. */
export async function persisting(
  dependencies: ComparisonDependencies,
  { entityId, docIds, signal }: PersistenceRequest,
): Promise<RowDifferences> {
  const found = { missing: [] as string[], extra: [] as string[], different: [] as string[] };
  for (let start = 0; start < docIds.length; start += lookUpMax) {
    const part = docIds.slice(start, start + lookUpMax);
    for await (const settled of looks(dependencies, { entityId, docIds: part, signal })) {
      found.missing.push(...settled.missing);
      found.extra.push(...settled.extra);
      found.different.push(...settled.different);
    }
  }
  return found;
}

/** What is settled at each look, until nothing is left or the last look. */
async function* looks(
  dependencies: ComparisonDependencies,
  { entityId, docIds, signal }: PersistenceRequest,
): AsyncIterable<RowDifferences> {
  let open = docIds;
  for (let look = 0; look < looksMax && open.length > 0; look += 1) {
    if (look > 0) await dependencies.clock.sleep(lookAgainMs, signal);
    signal.throwIfAborted();
    const { settled, later } = await lookOnce(dependencies, entityId, open);
    yield settled;
    open = later;
  }
}

/** `later`: documents whose newest entry the file has not applied, or that changed during the look. */
async function lookOnce(
  { oplog, store }: ComparisonDependencies,
  entityId: number,
  docIds: readonly string[],
): Promise<{ settled: RowDifferences; later: readonly string[] }> {
  const before = byDocument(await oplog.newestOf({ entityId, docIds }));
  const data = docIds.map((docId) => before.get(docId)?.data ?? null);
  const { offset, ...seen } = await store.compare({ entityId, range: null, docIds, data, differencesMax });
  const suspects = allOf(seen);
  if (suspects.length === 0) return { settled: seen, later: [] };
  // The row may be newer than the entry that it was compared with.
  const after = byDocument(await oplog.newestOf({ entityId, docIds: suspects }));
  const isSettled = (docId: string): boolean => {
    const id = before.get(docId)?.id ?? null;
    return id === (after.get(docId)?.id ?? null) && (id === null || id <= offset);
  };
  const settled = {
    missing: seen.missing.filter(isSettled),
    extra: seen.extra.filter(isSettled),
    different: seen.different.filter(isSettled),
  };
  return { settled, later: suspects.filter((docId) => !isSettled(docId)) };
}

function byDocument(entries: readonly NewestEntry[]): ReadonlyMap<string, NewestEntry> {
  return new Map(entries.map((entry) => [entry.docId, entry]));
}

export function allOf({ missing, extra, different }: RowDifferences): string[] {
  return [...missing, ...extra, ...different];
}

function tooMany(entityId: number): EmcachersError {
  return new EmcachersError({
    code: 'EMC-4006',
    detail: `More than ${differencesMax} rows of entity ${entityId} differ.`,
  });
}
