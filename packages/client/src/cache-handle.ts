/**
 * Keeps a connection on the published files of one or several entities. Every statement first asks whether each link still
 * leads to the file that is open, and opens the next one if not: no statement that begins after a swap reads an old file.
 * Holds no timer and no watch. Worst case: a file disappears between the question and the statement; the statement is then
 * repeated on the file that the link names.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { unreachable } from '@emcachers/core/unreachable';
import type { CacheColumns, CachePlace, ChangedRow } from './cache.ts';
import { CacheConnection, type CacheTarget, type PlaceRecord } from './cache-connection.ts';
import type { CacheDirectory } from './cache-directory.ts';
import { building, closed, isFileError, isPassing, noCache, unreadable } from './reader-error.ts';

/** A swap takes one rename; a file that is being removed or opened by its engine needs a few milliseconds. */
const attemptsMax = 10;
const pauseMs = 3;
const pauseCell = new Int32Array(new SharedArrayBuffer(4));

export interface HandleEntity {
  readonly directory: CacheDirectory;
  readonly columns: CacheColumns | undefined;
}

export class CacheHandle implements Disposable {
  readonly entities: readonly HandleEntity[];
  #connection: CacheConnection | null = null;
  /** A cache that was open is gone when its link is; before that it is one that does not exist. */
  #wasOpened = false;
  #isClosed = false;
  #transactions = 0;

  constructor(entities: readonly HandleEntity[]) {
    this.entities = entities;
  }

  /**
   * Runs statements on the current files. Throws EMC-7001 to EMC-7004, EMC-7006, EMC-7007 or EMC-7008 if there are none that
   * can be read, EMC-7009 after `close`.
   */
  use<Result>(action: (connection: CacheConnection) => Result): Result {
    if (this.#isClosed) throw closed();
    for (let attempt = 1; ; attempt += 1) {
      const connection = this.#current();
      try {
        return action(connection);
      } catch (error) {
        this.#assertRepeatable(error, { attempt, connection });
        this.#drop();
        pause();
      }
    }
  }

  /** Throws unless the engine may have removed or replaced the file since the last look at the link. */
  #assertRepeatable(error: unknown, on: { readonly attempt: number; readonly connection: CacheConnection }): void {
    if (!isFileError(error)) throw error;
    const mayRepeat = this.#transactions === 0 && on.attempt < attemptsMax && isPassing(error);
    if (!mayRepeat) throw unreadable(pathsOf(on.connection.targets), error);
  }

  /** Statements inside the callback read one state of each file, also after a swap. The callback runs once. */
  read<Result>(callback: () => Result): Result {
    if (this.#transactions > 0) return callback();
    const connection = this.use((current) => {
      current.begin();
      return current;
    });
    this.#transactions += 1;
    try {
      return callback();
    } finally {
      this.#transactions -= 1;
      connection.end();
    }
  }

  places(): CachePlace[] {
    return this.use((connection) => connection.places());
  }

  records(): PlaceRecord[] {
    return this.use((connection) => connection.records());
  }

  changedRows(entity: string, after: number): ChangedRow[] {
    return this.use((connection) => connection.changedRows(entity, after));
  }

  /** The caller closes it. */
  openAnother(): CacheConnection {
    if (this.#isClosed) throw closed();
    return this.#open();
  }

  /** Identifies the open file of each entity. */
  files(): readonly string[] {
    const targets = this.#connection?.targets ?? [];
    return targets.map(({ file }) => `${file.path} ${file.device} ${file.inode}`);
  }

  #current(): CacheConnection {
    const connection = this.#connection;
    if (connection !== null && (this.#transactions > 0 || isCurrent(connection))) return connection;
    this.#drop();
    this.#connection = this.#open();
    return this.#connection;
  }

  #open(): CacheConnection {
    for (let attempt = 1; ; attempt += 1) {
      const targets = this.#locate();
      if (targets !== null) {
        const connection = this.#tryOpen(targets, attempt === attemptsMax);
        if (connection !== null) return connection;
      } else if (attempt === attemptsMax) throw noCache(this.#first(), this.#wasOpened);
      pause();
    }
  }

  /** Null if a link leads nowhere at the moment. */
  #locate(): CacheTarget[] | null {
    const targets: CacheTarget[] = [];
    for (const { directory, columns } of this.entities) {
      const found = directory.locate();
      switch (found.kind) {
        case 'absent':
          throw noCache(directory, this.#wasOpened);
        case 'building':
          throw building(directory);
        case 'moving':
          return null;
        case 'published':
          targets.push({ directory, file: found.file, columns });
          break;
        default:
          return unreachable(found);
      }
    }
    return targets;
  }

  /** Null if another attempt may succeed: the files changed meanwhile, or their engine was opening or closing them. */
  #tryOpen(targets: readonly CacheTarget[], isLast: boolean): CacheConnection | null {
    try {
      const connection = new CacheConnection(targets);
      // A file that was exchanged before its -wal was opened would be read with the log of another.
      if (isCurrent(connection)) {
        this.#wasOpened = true;
        return connection;
      }
      connection[Symbol.dispose]();
      if (isLast) throw unreadable(this.#first().link, new Error('it was replaced at each attempt to open it'));
    } catch (error) {
      const isSettled = targets.every(({ directory, file }) => directory.isCurrent(file));
      if (isLast || (isSettled && !isPassing(error))) throw unreadable(pathsOf(targets), error);
    }
    return null;
  }

  #first(): CacheDirectory {
    const [first] = this.entities;
    if (first === undefined) throw new EmcachersError({ code: 'EMC-7001', detail: 'No entity is named.' });
    return first.directory;
  }

  #drop(): void {
    this.#connection?.[Symbol.dispose]();
    this.#connection = null;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#drop();
  }
}

function pathsOf(targets: readonly CacheTarget[]): string {
  return targets.map(({ file }) => file.path).join(', ');
}

function isCurrent({ targets }: CacheConnection): boolean {
  return targets.every(({ directory, file }) => directory.isCurrent(file));
}

/** Blocks the thread, as the statements themselves do. */
function pause(): void {
  Atomics.wait(pauseCell, 0, 0, pauseMs);
}
