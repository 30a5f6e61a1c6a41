import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { AttachedCaches, CachePlace } from './cache.ts';
import { CacheDirectory } from './cache-directory.ts';
import { Reader } from './reader.ts';

/** SQLite attaches at most this many files to one connection (SQLITE_MAX_ATTACHED). */
const entitiesMax = 10;

/** Which caches to attach. */
export interface AttachOptions {
  readonly dataDir: string;
  /** 1 to 10 entities. A table has its entity's name, so `SELECT … FROM orders JOIN customers …` needs no prefix. */
  readonly entities: readonly string[];
}

/** Opens several caches on one connection. Throws as `openCache` does, for the first cache that cannot be opened. */
export function attachCaches({ dataDir, entities }: AttachOptions): AttachedCaches {
  const names = [...new Set(entities)];
  if (names.length === 0 || names.length > entitiesMax)
    throw new EmcachersError({
      code: 'EMC-7001',
      detail: `${names.length} entities are named; SQLite attaches 1 to ${entitiesMax}.`,
    });
  const caches = new ReaderOfSeveral(
    names.map((name) => ({ directory: new CacheDirectory(dataDir, name), columns: undefined })),
  );
  try {
    caches.places();
    return caches;
  } catch (error) {
    caches.close();
    throw error;
  }
}

class ReaderOfSeveral extends Reader implements AttachedCaches {
  places(): CachePlace[] {
    return this.handle.places();
  }
}
