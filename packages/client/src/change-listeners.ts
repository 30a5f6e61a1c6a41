/** Tells listeners that a cache moved. Holds a watch only while there is a listener. */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { CacheChange, CachePlace } from './cache.ts';
import type { PlaceRecord } from './cache-connection.ts';
import type { CacheHandle } from './cache-handle.ts';
import type { FileWatch } from './file-watch.ts';

export type ChangeListener = (change: CacheChange) => void;

interface Seen {
  readonly files: readonly string[];
  readonly records: readonly PlaceRecord[];
}

export class ChangeListeners {
  readonly #handle: CacheHandle;
  readonly #watch: FileWatch;
  readonly #listeners = new Set<ChangeListener>();
  #seen: Seen | null = null;
  #stopWatch: (() => void) | null = null;

  constructor(handle: CacheHandle, watch: FileWatch) {
    this.#handle = handle;
    this.#watch = watch;
  }

  add(listener: ChangeListener): () => void {
    // One listener may be added twice, and is then called twice.
    const call: ChangeListener = (change) => listener(change);
    this.#listeners.add(call);
    if (this.#stopWatch === null) {
      this.#seen = this.#look();
      this.#stopWatch = this.#watch.add(() => this.#compare());
    }
    return () => {
      this.#listeners.delete(call);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  stop(): void {
    this.#listeners.clear();
    this.#stopWatch?.();
    this.#stopWatch = null;
  }

  #compare(): void {
    const changes = this.#next();
    for (const each of changes) for (const listener of [...this.#listeners]) listener(each);
  }

  #next(): CacheChange[] {
    const before = this.#seen;
    try {
      const now = this.#look();
      if (now === null || !hasMoved(before, now)) {
        this.#seen = now;
        return now === null ? (before?.records ?? []).map(({ place }) => changeWithoutRows('gone', place, null)) : [];
      }
      // The place and the changes up to it must be of one state.
      return this.#handle.read(() => this.#readChanges(before));
    } catch (error) {
      // A file that cannot be read at the moment is looked at again; statements report why.
      if (error instanceof EmcachersError) return [];
      throw error;
    }
  }

  #readChanges(before: Seen | null): CacheChange[] {
    const now = { files: this.#handle.files(), records: this.#handle.records() };
    const changes = now.records.flatMap((record, index) => {
      const was = before?.records[index] ?? null;
      if (before === null || was === null) return [changeWithoutRows('published', null, record.place)];
      if (before.files[index] !== now.files[index]) return [changeWithoutRows('replaced', was.place, record.place)];
      return hasAdvanced(was, record) ? [this.#advanced(was, record)] : [];
    });
    this.#seen = now;
    return changes;
  }

  #advanced(was: PlaceRecord, { place, range }: PlaceRecord): CacheChange {
    const change = changeWithoutRows('advanced', was.place, place);
    if (was.range === null || range === null) return change;
    const count = range.last - was.range.last;
    // Those before `first` are not kept any more: the reader was away for too long.
    if (count < 0 || was.range.last + 1 < range.first) return change;
    const changes = count === 0 ? [] : this.#handle.changedRows(place.entity, was.range.last);
    return changes.length === count ? { ...change, changes, complete: true } : change;
  }

  /** Null while a cache is not published. */
  #look(): Seen | null {
    const records = unless(['EMC-7001', 'EMC-7002', 'EMC-7003'], () => this.#handle.records());
    return records === null ? null : { files: this.#handle.files(), records };
  }
}

/** Null if the caches cannot be read for one of these reasons; other errors are thrown. */
export function placesUnless(handle: CacheHandle, reasons: readonly ErrorCode[]): CachePlace[] | null {
  return unless(reasons, () => handle.places());
}

function unless<Result>(reasons: readonly ErrorCode[], read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof EmcachersError && reasons.includes(error.code)) return null;
    throw error;
  }
}

function hasMoved(before: Seen | null, now: Seen): boolean {
  if (before === null) return true;
  return now.records.some((record, index) => {
    const was = before.records[index];
    return was === undefined || before.files[index] !== now.files[index] || hasAdvanced(was, record);
  });
}

/** A repair records changes without moving the offset. */
function hasAdvanced(was: PlaceRecord, now: PlaceRecord): boolean {
  if (was.place.offset !== now.place.offset) return true;
  return was.range !== null && now.range !== null && was.range.last !== now.range.last;
}

function changeWithoutRows(kind: CacheChange['kind'], before: CachePlace | null, now: CachePlace | null): CacheChange {
  const entity = (now ?? before)?.entity ?? '';
  return { kind, entity, before, now, offset: now?.offset ?? null, changes: [], complete: false };
}
