import { existsSync, realpathSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { cacheLink } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';

/** What a reader has seen of one generation of a file. */
interface Seen {
  offset: number;
  readonly revs: Map<string, number>;
}

interface Row {
  readonly docId: string;
  readonly rev: number | null;
}

/**
 * Reads published caches while everything goes wrong, as applications do: a published file can be opened, its offset only grows
 * (I5), and of no document an earlier state is shown after a later one (I6).
 */
export class CacheReader {
  readonly #report: Report;
  readonly #seen = new Map<string, Seen>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** `isRenamed`: documents of the source may be replaced by older ones of another collection. */
  read(place: { readonly dataDir: string; readonly entityName: string; readonly isRenamed: boolean }): void {
    const link = cacheLink(place.dataDir, place.entityName);
    if (!existsSync(link)) return;
    try {
      const file = realpathSync(link);
      const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 1_000 });
      try {
        this.#report.checked('I8 a published cache can be opened');
        database.transaction(() => this.#look(database, { file, ...place }))();
      } finally {
        database.close();
      }
    } catch (error) {
      // The file may go away between the look at its link and its opening, with its entity or its generation.
      if (existsSync(link) && !isPassing(error)) this.#report.fail(`I8: ${link} cannot be read: ${String(error)}`);
    }
  }

  #look(
    database: Sqlite.Database,
    place: { readonly file: string; readonly entityName: string; readonly isRenamed: boolean },
  ): void {
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
      if (rev < before) this.#report.fail(`I6: ${docId} of ${file} went from ${before} back to ${rev}`);
      seen.revs.set(docId, rev);
    }
  }
}

/** A reader that opens a file while its writer was killed may have to wait for its recovery; and a file may be gone by then. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && /^SQLITE_(BUSY|CANTOPEN|READONLY)|^ENOENT$/.test(String(error.code))
  );
}
