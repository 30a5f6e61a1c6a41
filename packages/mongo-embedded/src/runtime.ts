import { randomBytes } from 'node:crypto';
import { scramMechanism } from './authentication/scram-conversation.ts';
import type { UserTable } from './authentication/user-table.ts';
import type { Clock } from './clock.ts';
import { allCommands } from './commands/all-commands.ts';
import { defaultParameters } from './commands/parameters.ts';
import { CursorTable } from './cursor/cursor-table.ts';
import { Dispatcher } from './dispatcher.ts';
import { FailPoints } from './fail-point/fail-points.ts';
import { startHousekeeping } from './housekeeping.ts';
import { OperationTable } from './operation/operation-table.ts';
import type { Membership } from './replication/membership.ts';
import type { ServerState } from './server-state.ts';
import { SessionTable } from './session/session-table.ts';
import { SnapshotReads } from './session/snapshot-reads.ts';
import type { LockTable } from './storage/lock-table.ts';
import type { Store } from './storage/store.ts';
import { Listener, type ListenerHandlers } from './wire/listener.ts';
import type { TlsOptions } from './wire/tls-gate.ts';

/** What a member keeps when its data is replaced: the process is the same. */
export type Process = Pick<ServerState, 'counters' | 'failPoints' | 'parameters' | 'processId' | 'startedMonotonicMs'>;

export interface RuntimeOptions {
  readonly clock: Clock;
  readonly users: UserTable;
  readonly process: Process;
  readonly data: { readonly store: Store; readonly locks: LockTable };
  readonly path: string | null;
  /** Null for a server that is alone. */
  readonly member: Membership | null;
}

/** An open store with everything that works on it. */
export interface Runtime {
  readonly state: ServerState;
  readonly dispatcher: Dispatcher;
  /** Stops the work in the background. */
  endCalls(): void;
  /** Also kills cursors and transactions, and closes the data file. */
  close(): void;
}

export function createProcess(clock: Clock, users: UserTable): Process {
  return {
    failPoints: new FailPoints(),
    parameters: defaultParameters(users.isEmpty ? [] : [scramMechanism]),
    counters: {
      connectionsCurrent: 0,
      connectionsCreated: 0,
      operations: { insert: 0, query: 0, update: 0, delete: 0, getmore: 0, command: 0 },
    },
    processId: randomBytes(12),
    startedMonotonicMs: clock.monotonicMs(),
  };
}

/** Starts to serve an open store, which `close` closes. */
export function openRuntime({ clock, users, process, data, path, member }: RuntimeOptions): Runtime {
  const { store, locks } = data;
  const stop = new AbortController();
  const state: ServerState = {
    ...process,
    clock,
    store,
    locks,
    cursors: new CursorTable(clock),
    operations: new OperationTable(clock),
    sessions: new SessionTable({ store, locks, clock }),
    snapshots: new SnapshotReads({ store, locks, clock }),
    users,
    member,
    path,
  };
  const dispatcher = new Dispatcher(state, allCommands);
  const housekeeping = startHousekeeping(state, stop.signal);
  const close = (): void => {
    stop.abort();
    housekeeping.catch(() => undefined);
    state.cursors.killWhere(() => true);
    state.sessions.abortAll();
    store.close();
  };
  return { state, dispatcher, endCalls: () => stop.abort(), close };
}

/** A listener that counts its connections. */
export function createListener(process: Process, handle: ListenerHandlers['handle'], tls: TlsOptions | null): Listener {
  const { counters } = process;
  return new Listener(
    {
      handle,
      opened: () => {
        counters.connectionsCurrent += 1;
        counters.connectionsCreated += 1;
      },
      closed: () => {
        counters.connectionsCurrent -= 1;
      },
    },
    tls,
  );
}
