import type { UserTable } from './authentication/user-table.ts';
import type { Clock } from './clock.ts';
import type { Parameters } from './commands/parameters.ts';
import type { CursorTable } from './cursor/cursor-table.ts';
import type { FailPoints } from './fail-point/fail-points.ts';
import type { OperationTable } from './operation/operation-table.ts';
import type { Membership } from './replication/membership.ts';
import type { SessionTable } from './session/session-table.ts';
import type { SnapshotReads } from './session/snapshot-reads.ts';
import type { LockTable } from './storage/lock-table.ts';
import type { Store } from './storage/store.ts';

/** The parts of a running server that commands work with. */
export interface ServerState {
  readonly clock: Clock;
  readonly store: Store;
  readonly locks: LockTable;
  readonly cursors: CursorTable;
  readonly sessions: SessionTable;
  readonly operations: OperationTable;
  readonly snapshots: SnapshotReads;
  readonly failPoints: FailPoints;
  readonly users: UserTable;
  /** This server's place in a replica set; null if it is alone. */
  readonly member: Membership | null;
  readonly parameters: Parameters;
  readonly counters: Counters;
  /** Twelve bytes that identify this run of the server. */
  readonly processId: Buffer;
  readonly startedMonotonicMs: number;
  /** Folder of the data, or null in memory. */
  readonly path: string | null;
}

/** The counters of `serverStatus`. */
export interface Counters {
  connectionsCurrent: number;
  connectionsCreated: number;
  readonly operations: {
    insert: number;
    query: number;
    update: number;
    delete: number;
    getmore: number;
    command: number;
  };
}

/** The replica set's name. */
export const replicaSetName = 'rs0';

/** The MongoDB version whose behaviour this server follows. */
export const serverVersion = '8.2.1';
export const maxWireVersion = 27;
export const documentBytesMax = 16 * 1024 * 1024;
/** Replies and events may exceed the document limit by this much, as BSONObjMaxInternalSize allows. */
export const documentBytesSlack = 16 * 1024;
