/** What one cache and several attached caches have in common. */
import type { CacheChange, CacheReader, OperationTime, SqlParameters, SqlRow, WaitOptions } from './cache.ts';
import { CacheHandle, type HandleEntity } from './cache-handle.ts';
import { ChangeListeners, placesUnless } from './change-listeners.ts';
import { FileWatch } from './file-watch.ts';
import { closed, isFileError, unreadable } from './reader-error.ts';
import { waitForPlace } from './wait-for-place.ts';

export class Reader implements CacheReader {
  protected readonly handle: CacheHandle;
  readonly #watch: FileWatch;
  readonly #listeners: ChangeListeners;
  readonly #stop = new AbortController();

  constructor(entities: readonly HandleEntity[]) {
    this.handle = new CacheHandle(entities);
    this.#watch = new FileWatch(entities.map(({ directory }) => directory.path));
    this.#listeners = new ChangeListeners(this.handle, this.#watch);
  }

  // The row's type is the caller's statement of what the SQL selects; SQLite has no types to check it against.
  query<Row = SqlRow>(sql: string, parameters: SqlParameters = []): Row[] {
    return this.handle.use((connection) => connection.all(sql, parameters)) as Row[];
  }

  *iterate<Row = SqlRow>(sql: string, parameters: SqlParameters = []): Generator<Row, void, undefined> {
    const connection = this.handle.openAnother();
    try {
      for (const row of connection.rows(sql, parameters)) yield row as Row;
    } catch (error) {
      throw isFileError(error) ? unreadable(connection.targets.map(({ file }) => file.path).join(', '), error) : error;
    } finally {
      connection[Symbol.dispose]();
    }
  }

  read<Result>(callback: () => Result): Result {
    return this.handle.read(callback);
  }

  async waitFor(operationTime: OperationTime, options: WaitOptions = {}): Promise<void> {
    // A cache that is being built again may still reach the place.
    const places = () => placesUnless(this.handle, ['EMC-7002']);
    await waitForPlace({ watch: this.#watch, places, closing: this.#stop.signal }, operationTime, options);
  }

  onChange(listener: (change: CacheChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): void {
    this.#listeners.stop();
    this.#stop.abort(closed());
    this.handle[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
