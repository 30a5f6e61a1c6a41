import type { ClusterTime } from '../history/history-entry.ts';

/** A place in the sequence of all writes of a replica set. Positions of different terms never have the same index twice on one member. */
export interface Position {
  /** Counts elections; each primary writes in a term of its own. */
  readonly term: number;
  /** Counts commits, over all terms. */
  readonly index: number;
}

/** Before the first write. */
export const startPosition: Position = { term: 0, index: 0 };

/** Negative, zero or positive, as `a` is older than, equal to or newer than `b`. A later term is newer, as in an election. */
export function comparePositions(a: Position, b: Position): number {
  return a.term - b.term || a.index - b.index;
}

/** A position as it is saved with its commit, and the cluster time after the commit. */
export interface SavedPosition {
  readonly position: Position;
  readonly time: ClusterTime;
}

export function packPosition({ position: { term, index }, time: { seconds, increment } }: SavedPosition): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64BE(BigInt(term), 0);
  bytes.writeBigUInt64BE(BigInt(index), 8);
  bytes.writeUInt32BE(seconds, 16);
  bytes.writeUInt32BE(increment, 20);
  return bytes;
}

export function unpackPosition(bytes: Buffer): SavedPosition {
  return {
    position: { term: Number(bytes.readBigUInt64BE(0)), index: Number(bytes.readBigUInt64BE(8)) },
    time: { seconds: bytes.readUInt32BE(16), increment: bytes.readUInt32BE(20) },
  };
}
