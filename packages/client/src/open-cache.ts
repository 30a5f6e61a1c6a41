import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Cache, CacheOptions, CachePlace, SqlRow, WaitOptions } from './cache.ts';
import { quoted } from './cache-connection.ts';
import { CacheDirectory } from './cache-directory.ts';
import { docIdOf } from './doc-id-of.ts';
import { FileWatch } from './file-watch.ts';
import { ageMs } from './place.ts';
import { Reader } from './reader.ts';
import { waitUntil } from './wait-for-place.ts';

/**
 * Opens the published cache of an entity. Throws EMC-7001 if there is none, EMC-7002 while the first one is being built, and
 * EMC-7004, EMC-7006, EMC-7007 or EMC-7008 if it cannot be read.
 */
export function openCache<Row = SqlRow>(options: CacheOptions): Cache<Row> {
  const cache = new EntityCache<Row>(options);
  try {
    cache.place();
    return cache;
  } catch (error) {
    cache.close();
    throw error;
  }
}

/** As `openCache`, but waits while the cache does not exist or is being built. Rejects with the last reason after `timeoutMs`. */
export async function openCacheWhenPublished<Row = SqlRow>(
  options: CacheOptions,
  wait: WaitOptions = {},
): Promise<Cache<Row>> {
  const { path } = new CacheDirectory(options.dataDir, options.entity);
  let cache: Cache<Row> | null = null;
  let reason: Error = new EmcachersError({ code: 'EMC-7001', detail: `${path} has no cache.` });
  const isReached = (): boolean => {
    try {
      cache = openCache<Row>(options);
      return true;
    } catch (error) {
      if (!(error instanceof EmcachersError && (error.code === 'EMC-7001' || error.code === 'EMC-7002'))) throw error;
      reason = error;
      return false;
    }
  };
  await waitUntil({ watch: new FileWatch([path]), isReached, late: () => reason, signals: [] }, wait);
  return cache ?? openCache<Row>(options);
}

class EntityCache<Row> extends Reader implements Cache<Row> {
  readonly entity: string;
  readonly #select: string;

  constructor({ dataDir, entity, columns }: CacheOptions) {
    super([{ directory: new CacheDirectory(dataDir, entity), columns }]);
    this.entity = entity;
    this.#select = `SELECT * FROM ${quoted(entity)} WHERE doc_id = ?`;
  }

  get(id: unknown): Row | undefined {
    return this.getByDocId(docIdOf(id));
  }

  getByDocId(docId: string): Row | undefined {
    return this.handle.use((connection) => connection.get(this.#select, [docId])) as Row | undefined;
  }

  place(): CachePlace {
    const [place] = this.handle.places();
    if (place === undefined) throw new EmcachersError({ code: 'EMC-7001', detail: 'No entity is named.' });
    return place;
  }

  offset(): number {
    return this.place().offset;
  }

  age(): number | null {
    const { sourceTime } = this.place();
    return sourceTime === null ? null : ageMs(sourceTime, Date.now());
  }
}
