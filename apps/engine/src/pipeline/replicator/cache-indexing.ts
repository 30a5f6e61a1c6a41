/**
 * What one cache still has to do for its declared indexes, and what became of them. Keeps I10: an index that cannot be built is
 * reported and tried again later; the cache goes on, and is also published, without it.
 */
import { backoffDelayMs } from '@emcachers/core/backoff';
import { type CacheIndex, indexName } from '@emcachers/core/cache-index';
import type { IndexReport } from '@emcachers/core/index-report';
import type { CacheState, IndexFailure } from '../sqlite-cache/cache-types.ts';
import { indexChanges } from '../sqlite-cache/file-indexes.ts';

const indexBackoff = { delayMsBase: 1_000, delayMsMax: 300_000 };

/** What a cache has and should have. */
interface IndexedFile {
  readonly declared: readonly CacheIndex[];
  /** Null before a file is open. */
  readonly state: Pick<CacheState, 'generation' | 'indexes'> | null;
}

export class CacheIndexing {
  #isBuilding = false;
  #failures: ReadonlyMap<string, string> = new Map();
  /** What the failures are about. If anything else is declared, or the file is another one, the next attempt is due at once. */
  #failedFor: string | null = null;
  #attempts = 0;
  #retryAtMs: number | null = null;

  /** True if the file has other indexes than the declared ones, and no failed attempt delays the next one. */
  isDue(file: IndexedFile, nowMs: number): boolean {
    return differs(file) && (!this.#isDelayed(file) || nowMs >= (this.#retryAtMs ?? 0));
  }

  /** How long until a failed attempt is repeated; null if there is none to repeat. */
  delayMs(file: IndexedFile, nowMs: number): number | null {
    return differs(file) && this.#isDelayed(file) ? Math.max(1, (this.#retryAtMs ?? 0) - nowMs) : null;
  }

  begun(): void {
    this.#isBuilding = true;
  }

  /** Call it with what `changeIndexes` answered, or with null if it threw. */
  ended(outcome: IndexedOutcome | null): void {
    this.#isBuilding = false;
    if (outcome === null) return;
    const { file, failures, nowMs, random } = outcome;
    this.#attempts = failures.length === 0 || !this.#isDelayed(file) ? 0 : this.#attempts;
    this.#failures = new Map(failures.map(({ name, reason }) => [name, reason]));
    this.#failedFor = failures.length === 0 ? null : keyOf(file);
    this.#retryAtMs = nowMs + 1 + backoffDelayMs(this.#attempts, indexBackoff, random);
    this.#attempts += 1;
  }

  report({ declared, state }: IndexedFile): IndexReport[] {
    return declared.map((index) => {
      const name = indexName(index);
      const reason = this.#failures.get(name) ?? null;
      if (state?.indexes.includes(name) === true) return { columns: index.columns, state: 'ready', reason: null };
      if (this.#isBuilding) return { columns: index.columns, state: 'building', reason };
      return { columns: index.columns, state: reason === null ? 'waiting' : 'failed', reason };
    });
  }

  #isDelayed(file: IndexedFile): boolean {
    return this.#failedFor === keyOf(file);
  }
}

export interface IndexedOutcome {
  readonly file: IndexedFile;
  readonly failures: readonly IndexFailure[];
  readonly nowMs: number;
  readonly random: () => number;
}

function differs({ declared, state }: IndexedFile): boolean {
  if (state === null) return false;
  const { missing, obsolete } = indexChanges(declared, state.indexes);
  return missing.length + obsolete.length > 0;
}

function keyOf({ declared, state }: IndexedFile): string {
  return `${state?.generation} ${declared.map(indexName).join(' ')}`;
}
