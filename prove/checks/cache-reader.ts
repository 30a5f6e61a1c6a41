import type { Database } from '@emcachers/db/database';
import type Sqlite from 'better-sqlite3';
import { cacheLink } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';
import { lookAtCache } from './cache-look.ts';

/** What a reader has seen of one generation of a file. */
interface Seen {
  offset: number;
  readonly revs: Map<string, number>;
}

interface Row {
  readonly docId: string;
  readonly rev: number | null;
}

/** An entity that nobody has asked to delete. */
export interface KeptEntity {
  readonly entityId: number;
  /** Where its first complete scan ends in the oplog; null before that. */
  readonly liveFromId: number | null;
}

/** What is known of what the caches must show. */
interface Sources {
  /** Null if there is no such entity, or if its deletion was asked for. */
  readonly kept: (entityName: string) => Promise<KeptEntity | null>;
  /** True if the source had the one rev of a document before the other. */
  readonly cameFirst: (rev: number, other: number) => boolean;
}

interface Place {
  readonly dataDir: string;
  readonly entityName: string;
  /** Documents of the source may be replaced by older ones of another collection. */
  readonly isRenamed: boolean;
}

interface Found {
  readonly entityId: number;
  readonly offset: number;
}

/**
 * Reads published caches while everything goes wrong, as applications do: a published file can be opened, its offset only grows
 * (I5), and of no document an earlier state is shown after a later one (I6). No file is published without all of the first scan,
 * and what was published once is never missing and never replaced by less, as long as the entity is kept (I8).
 */
export class CacheReader {
  readonly #report: Pick<Report, 'checked' | 'fail'>;
  readonly #sources: Sources;
  readonly #seen = new Map<string, Seen>();
  /** By data directory and entity: the highest offset that was published. */
  readonly #published = new Map<string, number>();

  constructor(report: Pick<Report, 'checked' | 'fail'>, sources: Sources) {
    this.#report = report;
    this.#sources = sources;
  }

  async read(place: Place): Promise<void> {
    const before = await this.#sources.kept(place.entityName);
    if (before === null) return;
    const link = cacheLink(place.dataDir, place.entityName);
    const sight = await lookAtCache(link, (database, file) => this.#look(database, { file, ...place }));
    const entity = await this.#sources.kept(place.entityName);
    // With the entity, its files go.
    if (entity?.entityId !== before.entityId) return;
    if (sight.kind === 'found') this.#judge(sight.found, { link, entity, place });
    if (sight.kind === 'broken') this.#report.fail(`I8: ${link} cannot be read: ${sight.why}`);
    if (sight.kind === 'missing') this.#missing(link, keyOf(place, entity));
  }

  #missing(link: string, key: string): void {
    const published = this.#published.get(key);
    if (published !== undefined) this.#report.fail(`I8: ${link} is missing; it was published at offset ${published}`);
  }

  #judge(
    { entityId, offset }: Found,
    { link, entity, place }: { readonly link: string; readonly entity: KeptEntity; readonly place: Place },
  ): void {
    // The file of an entity of the same name that was deleted may still be there.
    if (entityId !== entity.entityId) return;
    const { liveFromId } = entity;
    this.#report.checked('I8 a published cache is whole');
    if (liveFromId === null || offset < liveFromId)
      this.#report.fail(`I8: ${link} is published at ${offset}, but the first scan ends at ${liveFromId}`);
    const key = keyOf(place, entity);
    const published = this.#published.get(key) ?? 0;
    if (offset < published) this.#report.fail(`I8: ${link} was published at ${published} and is now at ${offset}`);
    this.#published.set(key, Math.max(published, offset));
  }

  #look(
    database: Sqlite.Database,
    place: { readonly file: string; readonly entityName: string; readonly isRenamed: boolean },
  ): Found {
    this.#report.checked('I8 a published cache can be opened');
    const metadata = new Map(
      database
        .prepare<[], { key: string; value: string }>('SELECT key, value FROM metadata')
        .all()
        .map(({ key, value }) => [key, value]),
    );
    const offset = Number(metadata.get('offset'));
    const key = `${place.file} ${metadata.get('entityId')} ${metadata.get('rebuild')} ${metadata.get('historyId')}`;
    const seen = this.#seen.get(key) ?? { offset: 0, revs: new Map<string, number>() };
    this.#seen.set(key, seen);
    this.#report.checked('I5 the offset of a cache only grows');
    if (offset < seen.offset) this.#report.fail(`I5: ${place.file} went from offset ${seen.offset} back to ${offset}`);
    seen.offset = offset;
    if (!place.isRenamed) this.#lookAtRows(database, place, seen);
    return { entityId: Number(metadata.get('entityId')), offset };
  }

  #lookAtRows(
    database: Sqlite.Database,
    { file, entityName }: { readonly file: string; readonly entityName: string },
    seen: Seen,
  ): void {
    const rows = database.prepare<[], Row>(`SELECT doc_id AS docId, rev FROM "${entityName}" LIMIT 100`).all();
    for (const { docId, rev } of rows) {
      if (rev === null) continue;
      const before = seen.revs.get(docId) ?? 0;
      this.#report.checked('I6 no document goes back to an earlier state');
      if (this.#sources.cameFirst(rev, before))
        this.#report.fail(`I6: ${docId} of ${file} went from ${before} back to ${rev}`);
      seen.revs.set(docId, rev);
    }
  }
}

function keyOf({ dataDir }: Place, { entityId }: KeptEntity): string {
  return `${dataDir} ${entityId}`;
}

/** Null if there is no such entity, or if its deletion was asked for. */
export async function keptEntity({ pool }: Database, entityName: string): Promise<KeptEntity | null> {
  const answer = await pool.query<KeptEntity>(
    `SELECT id AS "entityId", live_from_id::float8 AS "liveFromId" FROM entity WHERE name = $1 AND lifecycle <> 'deleting'`,
    [entityName],
  );
  return answer.rows[0] ?? null;
}
