import type { Database, Statement } from 'better-sqlite3';
import type { ClusterTime } from './history-entry.ts';

/** Size at which a history segment is closed; pruning drops whole segments. */
const segmentBytesMax = 1024 * 1024;

/** Bytes of an entry besides its documents. */
export const entryBytes = 64;

const unsavedSql = `SELECT sequence, coalesce(length(document), 0) + coalesce(length(extra), 0) + ?
  FROM history WHERE sequence > ? ORDER BY sequence`;

interface Segment {
  first: number;
  last: number;
  bytes: number;
}

/**
 * The size of the history by segment, so that enforcing the limit needs no count on start or per write. A segment is saved when
 * it is closed; the entries after the last saved one are counted on start.
 */
export class HistorySegments {
  readonly #database: Database;
  readonly #save: Statement;
  readonly #forgetSegments: Statement;
  readonly #forgetEntries: Statement;
  readonly #forgetNamespaces: Statement;
  readonly #timeOf: Statement<unknown[], [number, number]>;
  readonly #saveLost: Statement;
  #lostTime: ClusterTime | null = null;
  #segments: Segment[] = [];
  #unsaved = new Set<Segment>();
  #bytes = 0;
  #isPruned = false;

  constructor(database: Database) {
    this.#database = database;
    this.#save = database.prepare(
      'INSERT OR REPLACE INTO history_segment(first_sequence, last_sequence, bytes) VALUES (?, ?, ?)',
    );
    this.#forgetSegments = database.prepare('DELETE FROM history_segment WHERE last_sequence <= ?');
    this.#forgetEntries = database.prepare('DELETE FROM history WHERE sequence <= ?');
    this.#timeOf = database.prepare<unknown[], [number, number]>(
      'SELECT seconds, increment FROM history WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1',
    );
    this.#timeOf.raw();
    this.#saveLost = database.prepare("INSERT OR REPLACE INTO setting(name, value) VALUES ('lostTime', ?)");
    this.#forgetNamespaces = database.prepare('DELETE FROM namespace WHERE retired_sequence <= ?');
  }

  /** Highest sequence ever written, even if its entry has been pruned: sequences are never reused. */
  get lastSequence(): number {
    return this.#segments.at(-1)?.last ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Time of the newest pruned entry; null if none. */
  get lostTime(): ClusterTime | null {
    return this.#lostTime;
  }

  reload(): void {
    const rows = this.#database
      .prepare('SELECT first_sequence, last_sequence, bytes FROM history_segment ORDER BY 1')
      .raw()
      .all();
    this.#segments = (rows as [number, number, number][]).map(([first, last, bytes]) => ({ first, last, bytes }));
    this.#bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    this.#unsaved = new Set();
    this.#countUnsaved();
    const lost = this.#database
      .prepare<unknown[], Buffer>("SELECT value FROM setting WHERE name = 'lostTime'")
      .pluck()
      .get();
    this.#lostTime = lost === undefined ? null : { seconds: lost.readUInt32BE(0), increment: lost.readUInt32BE(4) };
  }

  add(sequence: number, bytes: number): void {
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.bytes >= segmentBytesMax) {
      if (segment !== undefined) this.#unsaved.add(segment);
      segment = { first: sequence, last: sequence, bytes: 0 };
      this.#segments.push(segment);
    }
    segment.last = sequence;
    segment.bytes += bytes;
    this.#bytes += bytes;
  }

  #countUnsaved(): void {
    const rows = this.#database.prepare(unsavedSql).raw().all(entryBytes, this.lastSequence) as [number, number][];
    for (const [sequence, bytes] of rows) this.add(sequence, bytes);
  }

  save(): void {
    for (const segment of this.#unsaved) this.#save.run(segment.first, segment.last, segment.bytes);
    this.#unsaved = new Set();
  }

  /** Drops the oldest segments until the rest fits; always keeps the newest. */
  prune(bytesMax: number): void {
    let last: number | null = null;
    while (this.#bytes > bytesMax && this.#segments.length > 1) {
      const segment = this.#segments.shift();
      if (segment === undefined) break;
      this.#bytes -= segment.bytes;
      last = segment.last;
    }
    if (last !== null) this.#forget(last);
  }

  /** Drops everything up to and including `sequence`; keeps an empty segment to remember the highest sequence. */
  cut(sequence: number): void {
    const kept = this.#segments.filter((segment) => segment.last > sequence);
    const straddling = kept[0];
    this.#forget(sequence);
    if (straddling === undefined) kept.push({ first: sequence + 1, last: sequence, bytes: 0 });
    else if (straddling.first <= sequence) {
      this.#database.prepare('DELETE FROM history_segment WHERE first_sequence = ?').run(straddling.first);
      straddling.first = sequence + 1;
    }
    this.#segments = kept;
    this.#bytes = kept.reduce((sum, segment) => sum + segment.bytes, 0);
    this.#unsaved = new Set(kept.slice(0, 1));
    this.save();
  }

  /** Whether entries were dropped since the last call. */
  takePruned(): boolean {
    const isPruned = this.#isPruned;
    this.#isPruned = false;
    return isPruned;
  }

  #forget(sequence: number): void {
    const last = this.#timeOf.get(sequence);
    if (last !== undefined) {
      this.#lostTime = { seconds: last[0], increment: last[1] };
      const value = Buffer.alloc(8);
      value.writeUInt32BE(last[0], 0);
      value.writeUInt32BE(last[1], 4);
      this.#saveLost.run(value);
    }
    this.#forgetEntries.run(sequence);
    this.#forgetSegments.run(sequence);
    this.#forgetNamespaces.run(sequence);
    this.#isPruned = true;
  }
}
