/** Tells listeners that a cache moved. Holds a watch only while there is a listener. */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { CacheChange, CachePlace } from './cache.ts';
import type { CacheHandle } from './cache-handle.ts';
import type { FileWatch } from './file-watch.ts';

export type ChangeListener = (change: CacheChange) => void;

interface Seen {
  readonly files: readonly string[];
  readonly places: readonly CachePlace[];
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
    const before = this.#seen;
    try {
      this.#seen = this.#look();
    } catch (error) {
      // A file that cannot be read at the moment is looked at again; statements report why.
      if (error instanceof EmcachersError) return;
      throw error;
    }
    const changes = changesOf(before, this.#seen);
    for (const each of changes) for (const listener of [...this.#listeners]) listener(each);
  }

  /** Null while a cache is not published. */
  #look(): Seen | null {
    const places = placesUnless(this.#handle, ['EMC-7001', 'EMC-7002', 'EMC-7003']);
    return places === null ? null : { files: this.#handle.files(), places };
  }
}

/** Null if the caches cannot be read for one of these reasons; other errors are thrown. */
export function placesUnless(handle: CacheHandle, reasons: readonly ErrorCode[]): CachePlace[] | null {
  try {
    return handle.places();
  } catch (error) {
    if (error instanceof EmcachersError && reasons.includes(error.code)) return null;
    throw error;
  }
}

function changesOf(before: Seen | null, now: Seen | null): CacheChange[] {
  if (before === null && now === null) return [];
  if (now === null) return (before?.places ?? []).map((place) => change('gone', place, null));
  if (before === null) return now.places.map((place) => change('published', null, place));
  return now.places.flatMap((place, index) => {
    const was = before.places[index] ?? null;
    if (before.files[index] !== now.files[index]) return [change('replaced', was, place)];
    return was?.offset === place.offset ? [] : [change('advanced', was, place)];
  });
}

function change(kind: CacheChange['kind'], before: CachePlace | null, now: CachePlace | null): CacheChange {
  return { kind, entity: (now ?? before)?.entity ?? '', before, now };
}
