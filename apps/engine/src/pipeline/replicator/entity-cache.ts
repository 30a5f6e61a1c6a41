/**
 * The in-memory state of one entity's cache on this node: phase, offset and counters. The file is authoritative: after an
 * error, everything here is read from it again.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { CacheBatch, CacheIdentity, CacheState } from '../sqlite-cache/cache-types.ts';
import { servedFileId } from '../sqlite-cache/served-file-id.ts';
import { CacheIndexing } from './cache-indexing.ts';
import { type CacheInput, type CachePhase, nextPhase } from './cache-phase.ts';
import type { EntityEntries } from './page-batches.ts';
import type { EntityCacheStatus } from './replicator.ts';

/** The fields of an entity that the replicator needs. */
export type ReplicatedEntity = Pick<
  EntityRecord,
  | 'entityId'
  | 'entityName'
  | 'streamId'
  | 'columns'
  | 'shapeHash'
  | 'lifecycle'
  | 'paused'
  | 'liveFromId'
  | 'rebuildRequested'
  | 'indexes'
>;

/** What a file is complete to once it has applied a page. */
export interface CachePlace {
  readonly end: number;
  readonly sourceTime: bigint | null;
  /** True if the page reached the newest entry of the oplog. */
  readonly isAtHead: boolean;
}

/** Rows to be written again as the oplog has them. */
export interface MendRequest {
  readonly docIds: readonly string[];
  isDone: boolean;
}

export class EntityCache {
  entity: ReplicatedEntity;
  identity: CacheIdentity;
  phase: CachePhase = { kind: 'opening' };
  /** Generation of the open file; null before a file is open. */
  state: CacheState | null = null;
  /** Id up to which pages were read. At or beyond the applied offset. */
  readTo = 0;
  /** Id up to which the file is complete. The offset stored in the file lags behind it while only other entities have entries. */
  offset = 0;
  /** Every change of the source up to and including this cluster time is among the entries up to `offset`; null: unknown. */
  sourceTime: bigint | null = null;
  /** The term of leadership under which the newest page was read; null before the first. */
  termId: string | null = null;
  /** The entity's horizon when the file was at offset 0: what the entries below it left out, the file never had. */
  horizon = 0;
  /** Why the next generation is built; null if that was logged, or an operator requested it. */
  outdated: { readonly code: string; readonly message: string } | null = null;
  /** Rows that a verification found wrong, for the driver; null if there are none. */
  mend: MendRequest | null = null;
  readonly indexing = new CacheIndexing();
  /** The file that applications read while this one is built, followed until the swap; null if there is none. */
  served: EntityCache | null = null;
  /** True if a page that reached the head of the oplog was applied: the source time is then known, or known to be unknown. */
  #hasReachedHead = false;
  /** True for a published file beside a newer one. It is never built again. */
  readonly isServed: boolean;
  /** Consecutive failures of the file, for the back-off. */
  failures = 0;
  #appliedTotal = 0;
  #lastAppliedAtMs: number | null = null;
  #sourceTimeMs: number | null = null;
  #error: { code: string; message: string } | null = null;
  /** Called at every change of phase. Set by the driver. */
  onChange: () => void = () => undefined;

  constructor(entity: ReplicatedEntity, historyId: string, { isServed = false }: { isServed?: boolean } = {}) {
    this.entity = entity;
    this.isServed = isServed;
    this.identity = identityOf(entity, historyId);
  }

  /** The id of the file in calls of the store. */
  get fileId(): number {
    const { entityId } = this.entity;
    return this.isServed ? servedFileId(entityId) : entityId;
  }

  get isLevel(): boolean {
    return this.phase.kind === 'level';
  }

  /** The driver mends the rows as soon as the file is level with the oplog, and nothing else is applied meanwhile. */
  requestMend(docIds: readonly string[]): MendRequest {
    const request = { docIds, isDone: false };
    this.mend = request;
    this.handle({ kind: 'reread' });
    return request;
  }

  /** False while it is paused or suspended: its file is then opened again before it is used. */
  get hasOpenFile(): boolean {
    return this.phase.kind === 'catching-up' || this.phase.kind === 'level';
  }

  handle(input: CacheInput): void {
    const next = nextPhase(this.phase, input);
    if (next === this.phase) return;
    this.phase = next;
    if (next.kind === 'level') this.#error = null;
    this.onChange();
  }

  /** Suspends the cache after an error of its file. */
  fail(error: unknown): void {
    const known =
      error instanceof EmcachersError
        ? error
        : new EmcachersError({ code: 'EMC-5999', detail: error instanceof Error ? error.message : String(error) });
    this.#error = { code: known.code, message: known.detail };
    this.failures += 1;
    this.handle({ kind: known.code === 'EMC-4001' ? 'damaged' : 'faulted' });
  }

  /** The newest error, until rows are applied again. */
  get error(): EntityCacheStatus['error'] {
    return this.#error;
  }

  outdate(error: { readonly code: string; readonly message: string } | null): void {
    this.#error = error;
    this.outdated = error;
    this.handle({ kind: 'outdated' });
  }

  /** Records that the file was opened or created. */
  opened(state: CacheState): void {
    this.state = state;
    this.offset = state.offset;
    this.termId = state.termId;
    this.horizon = state.horizon;
    this.readTo = state.offset;
    this.sourceTime = state.sourceTime;
    this.#hasReachedHead = false;
  }

  /** Records what the file is complete to. */
  advance({ end, sourceTime, isAtHead }: CachePlace): void {
    this.offset = Math.max(this.offset, end);
    this.sourceTime = sourceTime;
    this.#hasReachedHead ||= isAtHead;
  }

  /** The batch that moves the file to `offset`. */
  batch(entries: EntityEntries | undefined, offset: number, sourceTime = this.sourceTime): CacheBatch {
    return {
      entityId: this.fileId,
      after: this.state?.offset ?? 0,
      docIds: entries?.docIds ?? [],
      data: entries?.data ?? [],
      offset,
      version: entries?.last.version ?? null,
      termId: this.termId,
      horizon: this.horizon,
      sourceTime,
    };
  }

  applied(state: CacheState, entries: EntityEntries | undefined, nowMs: number): void {
    this.state = state;
    this.offset = Math.max(this.offset, state.offset);
    if (entries === undefined) return;
    this.failures = 0;
    this.#appliedTotal += entries.docIds.length;
    this.#lastAppliedAtMs = nowMs;
    this.#sourceTimeMs = entries.sourceTimeMs ?? this.#sourceTimeMs;
  }

  /** True if the file's offset or source time is behind what its rows are complete to. */
  get hasProgress(): boolean {
    if (!this.isLevel || this.state === null) return false;
    return this.offset > this.state.offset || this.sourceTime !== this.state.sourceTime;
  }

  /** True if the file may be published, which requires all of the first complete scan, and all that readers have seen (I8). */
  get isDue(): boolean {
    return this.isLevel && this.state?.published === false && this.isComplete && this.#hasPassedServed;
  }

  /** True if the file has all of the first complete scan. */
  get isComplete(): boolean {
    const { liveFromId } = this.entity;
    return liveFromId !== null && this.offset >= liveFromId;
  }

  /** A reader that changes from the served file to this one must not go back, neither in rows nor in time. */
  get #hasPassedServed(): boolean {
    const before = this.served?.state ?? null;
    if (before === null) return true;
    if (this.offset < before.offset) return false;
    if (before.sourceTime === null) return true;
    return this.#hasReachedHead && (this.sourceTime === null || this.sourceTime >= before.sourceTime);
  }

  /** Which indexes the file has and should have. */
  get indexed(): { readonly declared: EntityRecord['indexes']; readonly state: CacheState | null } {
    return { declared: this.entity.indexes, state: this.state };
  }

  status(): EntityCacheStatus {
    return {
      entityId: this.entity.entityId,
      entityName: this.entity.entityName,
      offset: this.#reportedOffset,
      documents: this.state?.documents ?? null,
      fileBytes: this.state?.fileBytes ?? null,
      generation: this.state?.generation ?? null,
      published: this.state?.served ?? false,
      state: this.#stateWord(),
      appliedTotal: this.#appliedTotal,
      lastAppliedAtMs: this.#lastAppliedAtMs,
      sourceTimeMs: this.#sourceTimeMs,
      error: this.#error,
      path: this.state?.served === true ? this.state.path : null,
      indexes: this.indexing.report(this.indexed),
    };
  }

  /**
   * While a new file is built, readers have the served one, and compaction must leave what the new one has not read: the lower offset
   * is true for both (I12).
   */
  get #reportedOffset(): number | null {
    if (this.state === null) return null;
    const { served } = this;
    return served === null || served.state === null ? this.offset : Math.min(this.offset, served.offset);
  }

  #stateWord(): EntityCacheStatus['state'] {
    const { kind } = this.phase;
    if (kind === 'paused' || kind === 'failed') return kind;
    if (this.state?.published !== true) return 'building';
    return kind === 'level' ? 'level' : 'catching-up';
  }
}

export function identityOf(entity: ReplicatedEntity, historyId: string): CacheIdentity {
  const { entityId, entityName, columns, shapeHash, rebuildRequested } = entity;
  return { entityId, entityName, columns, shapeHash, rebuildRequested, historyId };
}
