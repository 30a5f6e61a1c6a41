/**
 * Verifies this node's caches, one at a time, as jobs ask for it in PostgreSQL, and repairs them if the job says so. Keeps I12: a
 * cache that differs is reported as such until it is verified again, repaired or built again. What a stopped node had begun is begun again.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { Verification, VerificationProgress } from '@emcachers/db/verify/verifications';
import { linkedAbort } from '../../../runtime/abort.ts';
import type { RowDifferences } from '../../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../../sqlite-cache/sqlite-cache.ts';
import { isDatabaseFault } from '../cache-driver.ts';
import type { EntityCache } from '../entity-cache.ts';
import { allOf, type ComparisonDependencies, compareCache, persisting } from './compare-cache.ts';

/** The node's side of the table of verifications. */
export interface Verifications {
  /** The oldest that this node is asked for; null if there is none. */
  next(): Promise<Verification | null>;
  /** False if it was cancelled or another job has taken its place. */
  save(progress: Omit<VerificationProgress, 'nodeId'>): Promise<boolean>;
}

export interface VerifierDependencies extends Omit<ComparisonDependencies, 'store'> {
  readonly log: Log;
  readonly store: Pick<CacheStore, 'check' | 'compare' | 'count'>;
  readonly verifications: Verifications;
  readonly cacheOf: (entityId: number) => EntityCache | null;
}

/** How often progress is saved, milliseconds. */
const progressMs = 1_000;
const samplesMax = 20;
/** A statement that takes too long, or whose sort fills the disk, looks like a server that is away, and fails each time. */
const databaseFaultsMax = 3;
const mendWaitMs = 50;

type Outcome = Omit<VerificationProgress, 'entityId' | 'nodeId' | 'jobId' | 'generation'>;

const none: RowDifferences = { missing: [], extra: [], different: [] };

export class Verifier {
  readonly #dependencies: VerifierDependencies;
  /** Consecutive faults of PostgreSQL in the newest job. */
  #faults = { jobId: '', count: 0 };

  constructor(dependencies: VerifierDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Does one verification. False if none was asked for, or the signal aborts. Rejects only if PostgreSQL does not answer; after
   * the third time the verification has failed.
   */
  async step(signal: AbortSignal): Promise<boolean> {
    const { verifications, cacheOf, log } = this.#dependencies;
    const asked = await verifications.next();
    if (asked === null) return false;
    const cache = cacheOf(asked.entityId);
    const outcome = await this.#outcome(asked, cache, signal);
    if (outcome === null) return false;
    const { entityId, jobId } = asked;
    await verifications.save({ entityId, jobId, generation: cache?.state?.generation ?? null, ...outcome });
    log.info({ entityName: cache?.entity.entityName, ...outcome, samples: undefined }, 'A cache was verified.');
    return true;
  }

  /** Null if the signal aborts. An error outside the catalogue ends this verification, not the replicator. */
  async #outcome(asked: Verification, cache: EntityCache | null, signal: AbortSignal): Promise<Outcome | null> {
    try {
      const outcome = await this.#verify(asked, publishedCache(cache), signal);
      return signal.aborted ? null : outcome;
    } catch (error) {
      if (signal.aborted) return null;
      if (isDatabaseFault(error) && this.#isTriedAgain(asked.jobId)) throw error;
      return failureOf(error, cache);
    }
  }

  #isTriedAgain(jobId: string): boolean {
    const count = jobId === this.#faults.jobId ? this.#faults.count + 1 : 1;
    this.#faults = { jobId, count };
    return count < databaseFaultsMax;
  }

  async #verify(asked: Verification, cache: EntityCache, signal: AbortSignal): Promise<Outcome> {
    const { store } = this.#dependencies;
    const { entityId } = asked;
    await store.check(entityId, { thorough: true });
    const { compared, differences, incomplete } = await this.#compare(asked, cache, signal);
    const docIds = allOf(differences);
    if (incomplete !== null) {
      if (docIds.length === 0) throw incomplete;
      return outcomeOf({ state: 'different', compared, found: differences, message: worded(incomplete) });
    }
    const count = await this.#countProblem(entityId, cache);
    if (docIds.length === 0 && count === null)
      return outcomeOf({ state: 'clean', compared, found: none, message: null });
    if (!asked.repair) return outcomeOf({ state: 'different', compared, found: differences, message: count });
    await this.#mend(cache, docIds, signal);
    const left = await persisting(this.#dependencies, { entityId, docIds, signal });
    const isMended = allOf(left).length === 0;
    return outcomeOf({
      state: isMended ? 'repaired' : 'different',
      compared,
      found: isMended ? differences : left,
      message: count,
    });
  }

  async #compare(asked: Verification, cache: EntityCache, signal: AbortSignal) {
    const { clock, verifications } = this.#dependencies;
    const { entityId, jobId } = asked;
    const generation = cache.state?.generation ?? null;
    using cancelled = linkedAbort(signal);
    let savedAtMs = Number.NEGATIVE_INFINITY;
    const onProgress = async (compared: number): Promise<void> => {
      if (clock.monotonicMs() - savedAtMs < progressMs) return;
      savedAtMs = clock.monotonicMs();
      const progress = outcomeOf({ state: 'running', compared, found: none, message: null });
      if (!(await verifications.save({ entityId, jobId, generation, ...progress }))) cancelled.abort();
    };
    try {
      return await compareCache(this.#dependencies, { entityId, signal: cancelled.signal, onProgress });
    } catch (error) {
      throw cancelled.signal.aborted ? unfit('It was cancelled.') : error;
    }
  }

  /** Rows and count commit together, so they are equal at any place. */
  async #countProblem(entityId: number, cache: EntityCache): Promise<string | null> {
    const { recorded, counted } = await this.#dependencies.store.count(entityId);
    if (recorded === counted) return null;
    return `The file of ${cache.entity.entityName} has ${counted} rows, and its metadata says ${recorded}.`;
  }

  /** The driver of the cache mends, because nothing else may be applied meanwhile. */
  async #mend(cache: EntityCache, docIds: readonly string[], signal: AbortSignal): Promise<void> {
    const request = cache.requestMend(docIds);
    while (!request.isDone) {
      if (signal.aborted || !cache.hasOpenFile) {
        cache.mend = null;
        throw unfit(`The cache is ${cache.phase.kind}, so its rows were not mended.`);
      }
      await this.#dependencies.clock.sleep(mendWaitMs, signal);
    }
  }
}

function outcomeOf(given: {
  readonly state: VerificationProgress['state'];
  readonly compared: number;
  readonly found: RowDifferences;
  readonly message: string | null;
}): Outcome {
  const { state, compared, found, message } = given;
  const { missing, extra, different } = found;
  const first = (docIds: readonly string[]): string[] => docIds.slice(0, samplesMax);
  const samples = { missing: first(missing), extra: first(extra), different: first(different) };
  const counts = { missing: missing.length, extra: extra.length, different: different.length };
  return { state, compared, ...counts, samples, message };
}

function publishedCache(cache: EntityCache | null): EntityCache {
  if (cache?.state?.published === true) return cache;
  throw unfit('This node has no published cache of it.');
}

function failureOf(error: unknown, cache: EntityCache | null): Outcome {
  const known = knownError(error);
  if (known.code === 'EMC-4001') cache?.fail(known);
  return outcomeOf({ state: 'failed', compared: 0, found: none, message: worded(known) });
}

function knownError(error: unknown): EmcachersError {
  if (error instanceof EmcachersError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new EmcachersError({ code: 'EMC-5999', detail, cause: error });
}

function worded({ code, detail }: EmcachersError): string {
  return `${code} ${detail}`;
}

function unfit(detail: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-5021', detail });
}
