import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import { LockTable } from '../storage/lock-table.ts';
import { dataFile } from '../storage/open-database.ts';
import { openStore, type Store } from '../storage/store.ts';
import { type Batch, BatchLog } from './batch-log.ts';
import { MajorityView } from './majority-view.ts';
import { type Position, packPosition, type SavedPosition, startPosition, unpackPosition } from './position.ts';
import { WriteRecorder, type WriteStatement } from './write-recorder.ts';

export interface MemberDataOptions {
  /** Null keeps the data in memory. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly historyBytesMax: number;
  /** The whole state of another member, which replaces what the folder holds. */
  readonly image?: Buffer;
  /** Called before each write. Throws if the member may not write. */
  readonly beforeWrite: () => void;
  /** Called after each commit of a primary. */
  readonly committed: () => void;
}

const positionSetting = 'replicaSetPosition';

/** Statements that change the catalog, which a member also keeps in memory. */
const catalogStatement = /^(CREATE|DROP) |\b(INTO|UPDATE|FROM) (collection|collection_index)\b/;
const schemaStatement = /^(CREATE|DROP) /;

/**
 * The data of one member: its store, its position, and its newest commits for the others.
 *
 * A primary records every statement of a commit together with the position that it gives the commit. The other members
 * run the same statements in one transaction, so position and data never differ, also after a crash (I2). The history
 * shows what a majority has, and nothing else. Worst case: a member that cannot follow gets a copy of the whole state.
 */
export class MemberData {
  readonly store: Store;
  readonly locks = new LockTable();
  readonly view: MajorityView;
  readonly #recorder: WriteRecorder;
  readonly #savePosition: Statement;
  readonly #statements = new Map<string, Statement<unknown[]>>();
  #log: BatchLog;
  /** Null: an empty folder. */
  #position: Position | null;
  /** The term in which this member writes; null if it is not primary. */
  #term: number | null = null;
  #appliedTime: ClusterTime;
  #majorityTime: ClusterTime;

  constructor(options: MemberDataOptions) {
    const { path, image } = options;
    if (path !== null && image !== undefined) replaceFile(path, image);
    let recorder: WriteRecorder | undefined;
    this.store = openStore({
      path,
      clock: options.clock,
      historyBytesMax: options.historyBytesMax,
      member: {
        ...(path === null && image !== undefined ? { image } : {}),
        opened: (database) => {
          recorder = new WriteRecorder(database);
          return readSaved(database)?.time ?? null;
        },
      },
    });
    if (recorder === undefined) throw new Error('The store was opened without its recorder');
    this.#recorder = recorder;
    this.view = new MajorityView(this.store, this.locks);
    const { sqlite, group, history } = this.store;
    this.#savePosition = sqlite.prepare(`INSERT OR REPLACE INTO setting(name, value) VALUES ('${positionSetting}', ?)`);
    this.#position = readSaved(sqlite)?.position ?? null;
    this.#log = new BatchLog(this.#position ?? startPosition);
    this.#appliedTime = history.head().time;
    this.#majorityTime = this.#appliedTime;
    group.guardWith(() => {
      options.beforeWrite();
      this.view.beforeWrite();
    });
    this.store.join({
      committing: () =>
        this.#savePosition.run(packPosition({ position: this.#next(), time: this.store.clusterClock.current })),
      committed: () => {
        this.#committed();
        options.committed();
      },
      failed: () => void this.#recorder.take(),
    });
  }

  get position(): Position | null {
    return this.#position;
  }

  get appliedTime(): ClusterTime {
    return this.#appliedTime;
  }

  get majorityTime(): ClusterTime {
    return this.#majorityTime;
  }

  /** Becomes the data of a primary: reloads what secondaries do not keep in memory. */
  startWriting(term: number, time: ClusterTime): void {
    const { catalog, clusterClock, history } = this.store;
    catalog.reload();
    history.reload();
    clusterClock.observe(time);
    this.#term = term;
    this.#recorder.isOn = true;
  }

  /** The first commit of a term. It also completes what the primary before has left incomplete. */
  startTerm(): void {
    this.store.group.enter();
    this.store.catalog.mendIndexes();
    this.commitTime();
  }

  /** Commits what is accepted and stops. */
  stopWriting(): void {
    this.store.group.commit();
    this.#recorder.isOn = false;
    this.#term = null;
  }

  /** A commit without changes, which carries the present time to the other members. */
  commitTime(): void {
    this.store.clusterClock.tick();
    this.store.group.enter();
    this.store.group.commit();
  }

  /** Whether the clock has moved since the last commit. */
  get isTimeBehind(): boolean {
    const { clusterClock, group } = this.store;
    if (group.settled !== null) return false;
    clusterClock.idle();
    return compareClusterTime(clusterClock.current, this.#appliedTime) > 0;
  }

  /** The commits after a position; null if only a copy of the whole state helps. */
  batchesAfter(position: Position | null): readonly Batch[] | null {
    return position === null ? null : this.#log.after(position);
  }

  /** Commits what has been accepted. */
  flush(): void {
    this.store.group.commit();
  }

  /** The whole state, for a member that cannot follow. */
  image(): Buffer {
    this.store.group.commit();
    const image = this.store.sqlite.serialize();
    // A database in memory cannot be in WAL mode. Source: SQLite file format, bytes 18 and 19.
    image[18] = 1;
    image[19] = 1;
    return image;
  }

  /** Runs the commits of a primary. A majority has them with this member. Returns whether they changed the catalog. */
  apply(batches: readonly Batch[]): boolean {
    const last = batches.at(-1);
    if (last === undefined) return false;
    const { sqlite, catalog, clusterClock } = this.store;
    const statements = batches.flatMap((batch) => batch.statements);
    sqlite.exec('BEGIN IMMEDIATE');
    try {
      for (const statement of statements) this.#run(statement);
      sqlite.exec('COMMIT');
    } catch (error) {
      sqlite.exec('ROLLBACK');
      throw error;
    }
    const changesCatalog = statements.some(({ sql }) => catalogStatement.test(sql));
    if (changesCatalog) catalog.refresh();
    catalog.forgetSizes();
    clusterClock.observe(last.time);
    for (const batch of batches) this.#log.append(batch);
    this.#position = last.position;
    this.#appliedTime = last.time;
    this.majorityReached();
    return changesCatalog;
  }

  /** A majority has everything that this member has: shows it to change streams and to majority reads. */
  majorityReached(): void {
    this.#majorityTime = this.#appliedTime;
    this.store.history.reveal(this.#appliedTime);
    this.view.caughtUp();
  }

  close(): void {
    this.store.close();
  }

  #next(): Position {
    if (this.#term === null) throw new Error('A member that is not primary has committed a write');
    return { term: this.#term, index: (this.#position ?? startPosition).index + 1 };
  }

  #committed(): void {
    const position = this.#next();
    const { clusterClock } = this.store;
    this.#position = position;
    this.#appliedTime = clusterClock.current;
    this.#log.append({ position, statements: this.#recorder.take(), time: this.#appliedTime });
  }

  #run({ sql, values }: WriteStatement): void {
    if (schemaStatement.test(sql)) {
      this.#statements.clear();
      this.store.sqlite.exec(sql);
      return;
    }
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.store.sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    statement.run(...values);
  }
}

function readSaved(database: Database): SavedPosition | null {
  const select = `SELECT value FROM setting WHERE name = '${positionSetting}'`;
  const saved = database.prepare<unknown[], Buffer>(select).pluck().get();
  return saved === undefined ? null : unpackPosition(saved);
}

function replaceFile(path: string, image: Buffer): void {
  const file = join(path, dataFile);
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  writeFileSync(file, image);
}
