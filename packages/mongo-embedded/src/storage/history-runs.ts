import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { ClusterTime } from '../history/history-entry.ts';

/** One run of a server on its data directory. */
interface Run {
  /** A UUID, in every high-water-mark token that the run hands out. */
  readonly id: Buffer;
  readonly startSeconds: number;
  /** The run showed no later time than this second; null while it is running. */
  readonly endSeconds: number | null;
}

/** A run that is older than the newest thousand is forgotten, so its high-water marks are refused. */
const runsMax = 1_000;
const idBytes = 16;
const runBytes = idBytes + 8;
/** Stored as the end of a run that has not ended. */
const noEnd = 0xffff_ffff;

/**
 * The runs of the server that this data directory knows.
 *
 * An event's token can be looked up in the history; a high-water mark names only a time, and a copy of a data directory
 * that went its own way has the same replica set id and a clock that shows the same times. So every high-water mark
 * also names the run that issued it. A directory accepts the marks of its own runs, up to the time at which each ended:
 * a copy does not know later runs of the original, and knows when the run that it was copied from ended for it. Servers
 * that share one history must share this list. Worst case: more than a thousand restarts within the retained history
 * make an old high-water mark unusable, and its reader starts over.
 */
export class HistoryRuns {
  readonly current: Buffer;
  readonly #runs: readonly Run[];

  private constructor(runs: readonly Run[], current: Buffer) {
    this.#runs = runs;
    this.current = current;
  }

  /** The latest second at which a stored run started or ended; 0 if there is none. */
  static lastSeconds(database: Database): number {
    return Math.max(0, ...readRuns(database).map(({ startSeconds, endSeconds }) => endSeconds ?? startSeconds));
  }

  /** The last run goes on: the members of a replica set share one list, and so one run. Begins one if there is none. */
  static resume(database: Database, start: ClusterTime): HistoryRuns {
    const runs = readRuns(database);
    const last = runs.at(-1);
    return last === undefined ? HistoryRuns.begin(database, start, start.seconds) : new HistoryRuns(runs, last.id);
  }

  /** Ends the previous run at `lastSeconds`, the last second that it can have shown, and begins one at `start`. */
  static begin(database: Database, start: ClusterTime, lastSeconds: number): HistoryRuns {
    const ended = readRuns(database).map((run) => ({ ...run, endSeconds: run.endSeconds ?? lastSeconds }));
    const id = newRunId();
    const runs = [...ended, { id, startSeconds: start.seconds, endSeconds: null }].slice(-runsMax);
    database.prepare("INSERT OR REPLACE INTO setting(name, value) VALUES ('runs', ?)").run(packRuns(runs));
    return new HistoryRuns(runs, id);
  }

  /** Whether the run with this id is known and had not ended before `time`. */
  has(id: Uint8Array, time: ClusterTime): boolean {
    const run = this.#runs.find((candidate) => candidate.id.equals(id));
    return run !== undefined && (run.endSeconds === null || time.seconds <= run.endSeconds);
  }
}

/** A random UUID of version 4. */
function newRunId(): Buffer {
  const id = randomBytes(idBytes);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id;
}

function readRuns(database: Database): Run[] {
  const select = "SELECT value FROM setting WHERE name = 'runs'";
  const packed = database.prepare<unknown[], Buffer>(select).pluck().get() ?? Buffer.alloc(0);
  return Array.from({ length: packed.length / runBytes }, (_, index) => {
    const at = index * runBytes;
    const endSeconds = packed.readUInt32BE(at + idBytes + 4);
    return {
      id: packed.subarray(at, at + idBytes),
      startSeconds: packed.readUInt32BE(at + idBytes),
      endSeconds: endSeconds === noEnd ? null : endSeconds,
    };
  });
}

function packRuns(runs: readonly Run[]): Buffer {
  const packed = Buffer.alloc(runs.length * runBytes);
  for (const [index, { id, startSeconds, endSeconds }] of runs.entries()) {
    const at = index * runBytes;
    packed.set(id, at);
    packed.writeUInt32BE(startSeconds, at + idBytes);
    packed.writeUInt32BE(endSeconds ?? noEnd, at + idBytes + 4);
  }
  return packed;
}
