import type { Document } from 'bson';
import type { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import type { Operation } from '../operation/operation.ts';
import type { ServerState } from '../server-state.ts';
import type { RetryableWrite } from '../session/session-table.ts';
import type { Transaction } from '../session/transaction.ts';
import type { DocumentAccess } from '../storage/document-access.ts';
import type { Turns } from '../turns.ts';
import type { ClientConnection } from '../wire/client-connection.ts';

/** The context of one call. */
export interface CommandContext {
  readonly server: ServerState;
  readonly connection: ClientConnection;
  readonly body: CommandBody;
  readonly database: string;
  /** The documents as this call sees them: directly, or through its transaction. */
  readonly access: DocumentAccess;
  /** Raw `{ id }` as the client sent it, or null. */
  readonly lsid: Buffer | null;
  readonly txnNumber: bigint | null;
  readonly transaction: Transaction | null;
  /** Earlier results of this retryable write's statements; null if the call is not a retryable write. */
  readonly retryableWrite: RetryableWrite | null;
  /** The time of a `snapshot` read outside a transaction; null to read the latest data. */
  readonly snapshotTime: ClusterTime | null;
  /** Says whether the call must go on, and wakes it where it waits. */
  readonly operation: Operation;
  /** `clock.monotonicMs()` by which the call must be done (maxTimeMS), or null. */
  readonly deadlineMs: number | null;
  /** Divides the call into turns, so that it does not keep other clients waiting. */
  readonly turns: Turns;
}

/** The reply without `ok` and the times, which the dispatcher adds. */
export type CommandResult = Document | BsonWriter;

/** One command of the protocol. */
export interface Command {
  /** Name and aliases, as clients spell them. */
  readonly names: readonly string[];
  readonly isAdminOnly?: boolean;
  /** May run before a login on a server that has users; any other command gets Unauthorized 13. */
  readonly needsNoLogin?: boolean;
  /** May run inside a multi-document transaction. */
  readonly isTransactional?: boolean;
  /** Each statement is applied once per txnNumber of a session. */
  readonly isRetryableWrite?: boolean;
  /** Whether it takes a write concern; a function if that depends on the call. */
  readonly isWrite?: boolean | ((body: CommandBody) => boolean);
  run(context: CommandContext): CommandResult | Promise<CommandResult>;
}
