import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { type ClusterClock, compareClusterTime } from '../session/cluster-clock.ts';
import type { CommitGroup } from '../storage/commit-group.ts';
import type { Settings } from '../storage/settings.ts';
import type { ClusterTime, History, HistoryEntry } from './history-entry.ts';
import { type Change, type HistoryRow, kindNumber, packExtra, toHistoryEntry } from './history-row.ts';
import { entryBytes, HistorySegments } from './history-segments.ts';
import { HistoryWaiters } from './history-waiters.ts';
import { OperationTimes } from './operation-times.ts';

/** The time and ordinal under which one or more entries are written. */
export interface Stamp {
  readonly time: ClusterTime;
  readonly wallTimeMs: number;
  /** Counts the entries that share the time. */
  ordinal: number;
}

export interface HistoryDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly clusterClock: ClusterClock;
  readonly group: CommitGroup;
  readonly settings: Pick<Settings, 'birthTime' | 'runs'>;
  readonly historyBytesMax: number;
  /** New entries stay hidden until `reveal`: a replica set's member shows only what a majority has. */
  readonly isHeld: boolean;
}

const selectEntries = `SELECT h.sequence, h.seconds, h.increment, h.ordinal, h.wall_ms, h.kind, h.namespace, h.document, h.extra,
  n.database, n.collection, n.uuid FROM history h JOIN namespace n ON n.id = h.namespace`;

const oldestSql = 'SELECT sequence, seconds, increment FROM history ORDER BY sequence LIMIT 1';

/** Maximum bytes of documents per page of entries, to bound a reader's memory. */
const readBytesMax = 16 * 1024 * 1024;

/**
 * The history of all changes, in the order of their commit.
 *
 * It is written in the SQLite transaction of the change and read only up to the last commit, so a stream never shows
 * a change that may be rolled back and never misses an acknowledged one (I2, I3). Its size is limited: beyond the
 * limit the oldest segment is pruned (I11), and a stream that still needed it gets a history-lost error. Worst case:
 * a limit so small that slow streams lose their position.
 */
export class HistoryLog implements History {
  /** Which operation wrote the newest entries. */
  readonly operations = new OperationTimes();
  readonly #dependencies: HistoryDependencies;
  readonly #segments: HistorySegments;
  readonly #waiters: HistoryWaiters;
  readonly #insert: Statement;
  readonly #read: Statement<unknown[], HistoryRow>;
  readonly #before: Statement<unknown[], [number, number, number]>;
  readonly #saveTime: Statement;
  #appendedSequence = 0;
  /** The second that a restart continues after: of the newest entry, or saved. */
  #durableSeconds: number;
  #appendedTime: ClusterTime = { seconds: 0, increment: 0 };
  #committed: { sequence: number; time: ClusterTime } = { sequence: 0, time: { seconds: 0, increment: 0 } };
  #oldest: { sequence: number; time: ClusterTime } = this.#committed;

  constructor(dependencies: HistoryDependencies) {
    this.#dependencies = dependencies;
    this.#durableSeconds = dependencies.clusterClock.current.seconds;
    const { database } = dependencies;
    this.#segments = new HistorySegments(database);
    this.#waiters = new HistoryWaiters(dependencies.clock);
    this.#insert = database.prepare('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#read = database.prepare<unknown[], HistoryRow>(
      `${selectEntries} WHERE h.sequence > ? AND h.sequence <= ? ORDER BY h.sequence LIMIT ?`,
    );
    this.#read.raw();
    this.#before = database.prepare<unknown[], [number, number, number]>(
      'SELECT sequence, seconds, increment FROM history WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1',
    );
    this.#before.raw();
    this.#saveTime = database.prepare("INSERT OR REPLACE INTO setting(name, value) VALUES ('clusterTime', ?)");
    this.reload();
  }

  /** Reloads the in-memory state, on start and after a failed commit. */
  reload(): void {
    this.#segments.reload();
    const last = this.#before.get(Number.MAX_SAFE_INTEGER);
    const sequence = Math.max(last?.[0] ?? 0, this.#segments.lastSequence);
    this.#appendedSequence = sequence;
    const isKnown = this.#dependencies.isHeld && this.#committed.time.seconds > 0;
    if (!isKnown) this.#committed = { sequence, time: this.#dependencies.clusterClock.current };
    this.#oldest = this.#readOldest();
  }

  /** Sequence of the newest entry, committed or not. */
  get appendedSequence(): number {
    return this.#appendedSequence;
  }

  /** A new time for one write; the entries of one write share the stamp. */
  stamp(): Stamp {
    return { time: this.#dependencies.clusterClock.tick(), wallTimeMs: this.#dependencies.clock.nowMs(), ordinal: 0 };
  }

  append(namespace: number, change: Change, stamp: Stamp): void {
    this.#dependencies.group.enter();
    const extra = packExtra(change);
    const document = change.document ?? null;
    const { time } = stamp;
    if (compareClusterTime(time, this.#appendedTime) < 0)
      throw new Error('An entry of the history is older than the one before it');
    this.#appendedTime = time;
    this.operations.note(time);
    this.#appendedSequence += 1;
    this.#insert.run(
      this.#appendedSequence,
      time.seconds,
      time.increment,
      stamp.ordinal,
      stamp.wallTimeMs,
      kindNumber(change.kind),
      namespace,
      document,
      extra,
    );
    stamp.ordinal += 1;
    this.#segments.add(this.#appendedSequence, (document?.length ?? 0) + (extra?.length ?? 0) + entryBytes);
  }

  /** Called inside the transaction, before it commits. */
  beforeCommit(): void {
    if (!this.#dependencies.isHeld && this.#appendedSequence === this.#committed.sequence) return;
    this.#segments.save();
    this.#segments.prune(this.#dependencies.historyBytesMax);
  }

  /** Called after the commit: makes the new entries visible and wakes the streams. */
  committed(): void {
    if (this.#dependencies.isHeld || this.#appendedSequence === this.#committed.sequence) return;
    this.#committed = { sequence: this.#appendedSequence, time: this.#dependencies.clusterClock.current };
    this.#durableSeconds = Math.max(this.#durableSeconds, this.#appendedTime.seconds);
    if (this.#segments.takePruned()) this.#oldest = this.#readOldest();
    this.#waiters.wake(this.#committed.sequence);
  }

  /** Shows everything in the database, which a majority of the replica set has, up to this time. */
  reveal(time: ClusterTime): void {
    const sequence = Math.max(this.#before.get(Number.MAX_SAFE_INTEGER)?.[0] ?? 0, this.#committed.sequence);
    this.#committed = { sequence, time };
    this.#oldest = this.#readOldest();
    this.#waiters.wake(sequence);
  }

  read(after: number, limit: number): HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    let bytes = 0;
    for (const row of this.#read.iterate(after, this.#committed.sequence, limit)) {
      entries.push(toHistoryEntry(row));
      bytes += (row[7]?.length ?? 0) + (row[8]?.length ?? 0);
      if (bytes >= readBytesMax) break;
    }
    return entries;
  }

  now(): ClusterTime {
    const { clusterClock, group, database, isHeld } = this.#dependencies;
    if (isHeld) return this.#committed.time;
    if (group.isOpen) return this.#committed.time;
    clusterClock.idle();
    // What a client is shown must be known after a restart, also a time that another client sent.
    if (clusterClock.current.seconds > this.#durableSeconds && database.open) this.#saveCurrentTime();
    if (database.open) this.#committed = { sequence: this.#committed.sequence, time: clusterClock.current };
    return this.#committed.time;
  }

  head(): { sequence: number; time: ClusterTime } {
    return this.#committed;
  }

  oldest(): { sequence: number; time: ClusterTime } {
    return this.#oldest;
  }

  extent(): { entries: number; bytes: number; bytesMax: number } {
    const entries = Math.max(0, this.#committed.sequence - this.#oldest.sequence + 1);
    return { entries, bytes: this.#segments.bytes, bytesMax: this.#dependencies.historyBytesMax };
  }

  get runId(): Uint8Array {
    return this.#dependencies.settings.runs.current;
  }

  hasIssued(runId: Uint8Array, time: ClusterTime): boolean {
    const now = this.now();
    // A member of a replica set may be behind the one that issued the mark.
    // A stream that starts now hands out the next time before anything has it.
    const isAhead =
      !this.#dependencies.isHeld && compareClusterTime(time, { ...now, increment: now.increment + 1 }) > 0;
    return !isAhead && this.#dependencies.settings.runs.has(runId, time);
  }

  findByTime(time: ClusterTime): number {
    let low = 0;
    let high = this.#committed.sequence;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const row = this.#before.get(middle);
      const isBefore = row === undefined || compareClusterTime({ seconds: row[1], increment: row[2] }, time) < 0;
      if (isBefore) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async wait(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#committed.sequence > sequence) return true;
    return this.#waiters.wait(sequence, timeoutMs, signal);
  }

  /**
   * Prunes everything up to and including `sequence`, as if the size limit had been reached. Advances the clock by
   * one tick, so that a stream can still be opened at the current operation time, as in mongod, which always keeps
   * its newest entry.
   */
  cut(sequence: number): void {
    const { group, clusterClock } = this.#dependencies;
    group.commit();
    this.#segments.cut(Math.min(sequence, this.#committed.sequence));
    this.#segments.takePruned();
    this.#committed = { sequence: this.#committed.sequence, time: clusterClock.tick() };
    this.#saveCurrentTime();
    this.#oldest = this.#readOldest();
  }

  #saveCurrentTime(): void {
    const { seconds, increment } = this.#dependencies.clusterClock.current;
    const value = Buffer.alloc(8);
    value.writeUInt32BE(seconds, 0);
    value.writeUInt32BE(increment, 4);
    this.#saveTime.run(value);
    this.#durableSeconds = seconds;
  }

  /**
   * The first retained entry, and the time since which nothing is missing: just after the newest pruned entry, even if
   * pruning split the entries of one time, or the birth of the history.
   */
  #readOldest(): { sequence: number; time: ClusterTime } {
    const { database, settings } = this.#dependencies;
    const first = database.prepare<unknown[], [number, number, number]>(oldestSql).raw().get();
    const sequence = first?.[0] ?? this.#appendedSequence + 1;
    const { lostTime } = this.#segments;
    if (lostTime === null) return { sequence, time: settings.birthTime };
    const afterLoss = { ...lostTime, increment: lostTime.increment + 1 };
    if (first === undefined) return { sequence, time: afterLoss };
    const time = { seconds: first[1], increment: first[2] };
    return { sequence, time: compareClusterTime(time, afterLoss) < 0 ? afterLoss : time };
  }
}
