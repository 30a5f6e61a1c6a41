import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from './bson/bson-writer.ts';
import type { CommandBody } from './bson/command-body.ts';
import { numberOf } from './bson/element-value.ts';
import type { RawElement } from './bson/raw-element.ts';
import { checkApiVersion } from './commands/api-version.ts';
import type { Command, CommandContext, CommandResult } from './commands/command.ts';
import {
  acknowledgementOf,
  awaitReadConcern,
  checkReadConcern,
  checkReadPreference,
  checkWriteConcern,
  isWriteCall,
  startsRead,
} from './commands/concerns.ts';
import { checkCommandFields } from './commands/generic-fields.ts';
import { checkDatabaseName, namespaceOf } from './commands/namespace.ts';
import { replicationMetadata } from './commands/replication-metadata.ts';
import { appendReplyTimes, clusterTimeOf } from './commands/reply-times.ts';
import { MongoFailure, toMongoFailure } from './error/mongo-failure.ts';
import { errorLabelsFor, type FailedCall } from './fail-point/error-labels.ts';
import type { FailCommand, FailPoints } from './fail-point/fail-points.ts';
import { isChangeStreamCall } from './fail-point/is-change-stream-call.ts';
import type { OperationTime } from './history/operation-times.ts';
import type { Operation, OperationCall } from './operation/operation.ts';
import { checkRole } from './replication/member-commands.ts';
import { topologyCounterOf } from './replication/topology.ts';
import type { ServerState } from './server-state.ts';
import { type CallSession, readCallSession } from './session/call-session.ts';
import type { Transaction } from './session/transaction.ts';
import { DirectAccess } from './storage/direct-access.ts';
import type { DocumentAccess } from './storage/document-access.ts';
import { Turns } from './turns.ts';
import type { ClientConnection } from './wire/client-connection.ts';
import type { Reply } from './wire/connection.ts';
import type { Request } from './wire/message.ts';

/** Commands that end a transaction; they are not statements of it. */
const endings: ReadonlySet<string> = new Set(['commitTransaction', 'abortTransaction']);

/**
 * Errors that report a change of primary. Their topologyVersion lets a driver ignore a change that it already knows.
 */
const notPrimaryCodes: ReadonlySet<number> = new Set([10107, 13435, 13436, 11602, 189]);

/** Commands whose reply shows no data: it need not wait for the commit of what others write. */
const withoutData: ReadonlySet<string> = new Set(['ping', 'hello', 'isMaster', 'ismaster', 'buildInfo', 'buildinfo']);

const noStatement: RawElement = { type: bsonTypes.null, bytes: Buffer.alloc(0) };

interface ReplyNotes {
  readonly effect: FailCommand | null;
  readonly operation: OperationTime;
  /** A write concern that one node cannot satisfy. */
  readonly unsatisfied: MongoFailure | null;
}

interface PreparedCall {
  readonly command: Command;
  readonly session: CallSession;
  /** The reply's `writeConcernError`, if it is known before the command runs. */
  readonly unsatisfied: MongoFailure | null;
}

interface Call {
  readonly operation: Operation;
  readonly request: Request;
  readonly connection: ClientConnection;
  /** Determined before the command runs, because an error may close the cursor that it is read from. */
  readonly isChangeStream: boolean;
}

/**
 * Runs one command from request to reply: fail points, session, the command itself, the wait for its commit, error
 * labels, and the times in every reply. Every exception becomes an error reply; none escapes.
 */
export class Dispatcher {
  readonly #server: ServerState;
  readonly #commands: ReadonlyMap<string, Command>;
  readonly #direct: DirectAccess;

  constructor(server: ServerState, commands: readonly Command[]) {
    this.#server = server;
    this.#commands = new Map(commands.flatMap((command) => command.names.map((name) => [name, command] as const)));
    this.#direct = new DirectAccess(server.store, server.locks);
  }

  async handle(received: OperationCall): Promise<Reply> {
    const { operations } = this.#server;
    const operation = operations.begin(received);
    try {
      const { request, connection } = received;
      const isChangeStream = isChangeStreamCall(request.body, this.#server.cursors);
      const call: Call = { operation, request, connection, isChangeStream };
      const effect = this.#failPointOf(call);
      const failed = effect === null ? null : await this.#failBefore(call, effect);
      if (failed !== null) return failed;
      const document = await this.#run(call, effect);
      return isStreaming(request) ? { document, next: async () => this.handle(received) } : { document };
    } finally {
      operations.end(operation);
    }
  }

  /** The reply of a fail point that lets no command run; null if it lets it run. */
  async #failBefore(call: Call, effect: FailCommand): Promise<Reply | null> {
    if (effect.blockMs > 0) await this.#server.clock.sleep(effect.blockMs, call.operation.signal);
    if (effect.closesConnection) return { document: null };
    return effect.errorCode === null ? null : this.#failedByFailPoint(call, effect, effect.errorCode);
  }

  #failedByFailPoint(call: Call, effect: FailCommand, errorCode: number): Reply {
    const failure = new MongoFailure(errorCode, "Failing command via 'failCommand' failpoint");
    return { document: this.#failureReply(call, failure, { effect, operation: { last: null } }) };
  }

  #failPointOf({ connection, request }: Call): FailCommand | null {
    const { failPoints } = this.#server;
    if (!failPoints.isAnySet) return null;
    const { body, database } = request;
    return failPoints.hit({
      command: body.name,
      applicationName: connection.applicationName,
      namespace: namespaceOf(body, database, body.name),
    });
  }

  async #run(call: Call, effect: FailCommand | null): Promise<Buffer> {
    const operation: OperationTime = { last: null };
    const { body } = call.request;
    const { group, history } = this.#server.store;
    const showsData = !withoutData.has(body.name);
    while (showsData && group.blocked !== null) await group.blocked;
    const failuresBefore = group.failures.count;
    try {
      const prepared = this.#prepare(call);
      if (this.#server.member !== null)
        await awaitReadConcern({ body, server: this.#server, operation: call.operation });
      const result = await history.operations.run(operation, () => this.#runInSession(call, prepared));
      if (operation.last !== null || showsData) await group.settled;
      if (group.failures.count !== failuresBefore) throw group.failures.last;
      const unsatisfied = prepared.unsatisfied ?? (await this.#replicated(call, prepared, operation));
      return this.#successReply(call, result, { effect, operation, unsatisfied });
    } catch (error) {
      const failure = toMongoFailure(error);
      this.#abortTransactionOf(body);
      return this.#failureReply(call, failure, { effect, operation });
    }
  }

  /** Makes every check that does not depend on data. */
  #prepare({ connection, request }: Call): PreparedCall {
    const { body, database } = request;
    checkOpcode(request);
    const session = readCallSession(body);
    const command = this.#commandFor(connection, body, database);
    const members = this.#server.member?.members.length ?? 1;
    return { command, session, unsatisfied: checkWriteConcern(body, { command, session, members }) };
  }

  /** In a replica set, waits for the members that the write concern asks for. Returns the reply's `writeConcernError`. */
  async #replicated(
    { operation: inProgress, request }: Call,
    { command, session }: PreparedCall,
    operation: OperationTime,
  ): Promise<MongoFailure | null> {
    const { member } = this.#server;
    const { body } = request;
    if (member === null || (session.isInTransaction && !endings.has(body.name))) return null;
    const hasWritten = isWriteCall(command, body) || operation.last !== null;
    return hasWritten ? member.acknowledged(acknowledgementOf(body), inProgress.signal) : null;
  }

  #commandFor(connection: ClientConnection, body: CommandBody, database: string): Command {
    checkApiVersion(body);
    const command = this.#commands.get(body.name);
    if (command === undefined) throw new MongoFailure('CommandNotFound', `no such command: '${body.name}'`);
    if (command.needsNoLogin !== true && !this.#server.users.isEmpty && connection.login.user === null)
      throw new MongoFailure('Unauthorized', `Command ${body.name} requires authentication`);
    checkDatabaseName(database);
    if (this.#server.member !== null) checkRole(command, body, this.#server.member.role);
    if (command.isAdminOnly === true && database !== 'admin') {
      throw new MongoFailure('Unauthorized', `${body.name} may only be run against the admin database.`);
    }
    checkCommandFields(body, command.names[0] ?? body.name);
    const clusterTime = clusterTimeOf(body);
    if (clusterTime !== undefined) this.#server.store.clusterClock.observe(clusterTime);
    return command;
  }

  /** Not asynchronous, and neither are the others on the way to the command: each promise on it is paid by every call. */
  #runInSession(call: Call, { command, session }: PreparedCall): CommandResult | Promise<CommandResult> {
    const { body } = call.request;
    const { sessions } = this.#server;
    checkReadPreference(body);
    checkReadConcern(body, this.#server, session);
    const { lsid, txnNumber } = session;
    if (lsid === null) return command.run(this.#context(call, session, null));
    if (txnNumber === null || endings.has(body.name)) {
      sessions.touch(lsid);
      return command.run(this.#context(call, session, null));
    }
    if (session.isInTransaction) return this.#runStatement(call, command, session);
    if (command.isRetryableWrite !== true) {
      throw new MongoFailure(
        'InvalidOptions',
        `txnNumber may only be provided for multi-document transactions and retryable write commands. autocommit:false was not provided, and ${body.name} is not a retryable write command.`,
      );
    }
    return this.#runRetryable(call, command, session);
  }

  #runRetryable(call: Call, command: Command, session: CallSession): CommandResult | Promise<CommandResult> {
    const { body } = call.request;
    const { lsid, txnNumber } = session;
    if (lsid === null || txnNumber === null)
      throw new MongoFailure('InvalidOptions', 'A retryable write needs a session');
    const retryableWrite = this.#server.sessions.retryableWrite(lsid, txnNumber);
    const firstStatement = body.number('stmtId') ?? numberOf(body.array('stmtIds')?.[0] ?? noStatement) ?? 0;
    const isApplied = retryableWrite.find(firstStatement) !== null;
    const effect = isApplied ? null : this.#failPointOfWrite(call);
    const result = command.run({ ...this.#context(call, session, null), retryableWrite });
    return effect?.closesConnection === true ? this.#closedAfter(result, call.connection) : result;
  }

  async #closedAfter(result: ReturnType<Command['run']>, connection: ClientConnection): Promise<CommandResult> {
    const settled = await result;
    await this.#server.store.group.settled;
    connection.destroy();
    return settled;
  }

  /** Throws if the fail point says so before the write. */
  #failPointOfWrite({ connection }: Call): ReturnType<FailPoints['hitRetryableWrite']> {
    const effect = this.#server.failPoints.hitRetryableWrite();
    if (effect === null || effect.errorCode === null) return effect;
    if (effect.closesConnection) connection.destroy();
    throw new MongoFailure(effect.errorCode, "Failing write for 'onPrimaryTransactionalWrite' failpoint");
  }

  async #runStatement(call: Call, command: Command, session: CallSession): Promise<CommandResult> {
    const { lsid, txnNumber } = session;
    if (lsid === null || txnNumber === null) throw new MongoFailure('InvalidOptions', 'A transaction needs a session');
    if (command.isTransactional !== true) {
      throw new MongoFailure(
        'OperationNotSupportedInTransaction',
        `Cannot run '${call.request.body.name}' in a multi-document transaction.`,
      );
    }
    const { sessions } = this.#server;
    const transaction = session.startsTransaction
      ? sessions.startTransaction(lsid, txnNumber)
      : sessions.continueTransaction(lsid, txnNumber);
    transaction.statements += 1;
    try {
      return await command.run(this.#context(call, session, transaction));
    } finally {
      transaction.statements -= 1;
    }
  }

  #context(call: Call, session: CallSession, transaction: Transaction | null): CommandContext {
    const { body, database } = call.request;
    const maxTimeMs = body.count('maxTimeMS') ?? 0;
    const { clock, store } = this.#server;
    const deadlineMs = maxTimeMs > 0 ? clock.monotonicMs() + maxTimeMs : null;
    const concern = transaction === null ? body.nested('readConcern') : undefined;
    const isSnapshot = concern?.string('level') === 'snapshot' && startsRead(body);
    const snapshot = isSnapshot ? this.#server.snapshots.at(concern.timestamp('atClusterTime')) : null;
    return {
      server: this.#server,
      connection: call.connection,
      body,
      database,
      access: transaction?.access ?? snapshot?.access ?? this.#accessFor(concern?.string('level')),
      snapshotTime: snapshot?.time ?? null,
      lsid: session.lsid,
      txnNumber: session.txnNumber,
      transaction,
      retryableWrite: null,
      operation: call.operation,
      deadlineMs,
      turns: new Turns({ clock, group: store.group, operation: call.operation, deadlineMs }),
    };
  }

  /** Reads with concern `majority` do not see writes that an election may roll back. */
  #accessFor(level: string | undefined): DocumentAccess {
    const { member } = this.#server;
    return member !== null && (level === 'majority' || level === 'linearizable') ? member.majorityView : this.#direct;
  }

  #abortTransactionOf(body: CommandBody): void {
    if (!body.has('autocommit') || endings.has(body.name)) return;
    try {
      const { lsid, txnNumber, isInTransaction } = readCallSession(body);
      if (lsid === null || txnNumber === null || !isInTransaction) return;
      this.#server.sessions.abort(lsid, txnNumber);
    } catch {
      // The call names no transaction, or one that has already ended; the error being returned says why.
    }
  }

  #successReply(call: Call, result: CommandResult, notes: ReplyNotes): Buffer {
    const { effect, operation, unsatisfied } = notes;
    const writer = result instanceof BsonWriter ? result : new BsonWriter().fields(result);
    if (unsatisfied !== null) {
      const { code, codeName, message: errmsg, details } = unsatisfied;
      this.#appendConcernError(writer, call, { error: { code, codeName, errmsg, ...details }, labels: null });
    }
    if (effect !== null && effect.writeConcernError !== null) {
      this.#appendConcernError(writer, call, { error: effect.writeConcernError, labels: effect.errorLabels });
    }
    writer.double('ok', 1);
    return this.#withTimes(writer, call, operation);
  }

  /** `labels`: those of a fail point, which replace the ones that the code has. */
  #appendConcernError(
    writer: BsonWriter,
    call: Call,
    {
      error,
      labels: given,
    }: { readonly error: Readonly<Record<string, unknown>>; readonly labels: readonly string[] | null },
  ): void {
    writer.fields({ writeConcernError: error });
    const { code } = error;
    const computed = typeof code === 'number' ? errorLabelsFor(code, this.#failedCall(call, true)) : [];
    const labels = given ?? computed;
    if (labels.length > 0) writer.fields({ errorLabels: labels });
  }

  #failedCall(call: Call, hasWriteConcernError: boolean): FailedCall {
    const { body } = call.request;
    const isInTransaction = body.rawElement('autocommit')?.bytes[0] === 0;
    return {
      command: body.name,
      isInTransaction,
      isRetryableWrite: body.has('txnNumber') && !isInTransaction,
      isChangeStream: call.isChangeStream,
      hasWriteConcernError,
    };
  }

  #failureReply(call: Call, failure: MongoFailure, notes: Omit<ReplyNotes, 'unsatisfied'>): Buffer {
    const { effect, operation } = notes;
    const { body } = call.request;
    const isFailPoint = effect?.errorCode != null;
    // When `failCommand` strikes, mongod has not yet looked up the cursor of a getMore.
    const isChangeStream = call.isChangeStream && !(isFailPoint && body.name === 'getMore');
    const failed: FailedCall = { ...this.#failedCall(call, false), isChangeStream };
    const computed = errorLabelsFor(failure.code, failed);
    const labels = (isFailPoint ? effect.errorLabels : null) ?? [...new Set([...failure.labels, ...computed])];
    const writer = new BsonWriter();
    if (labels.length > 0) writer.fields({ errorLabels: labels });
    writer
      .double('ok', 0)
      .string('errmsg', failure.message)
      .int32('code', failure.code)
      .string('codeName', failure.codeName);
    failure.appendDetails(writer);
    if (notPrimaryCodes.has(failure.code)) {
      writer.beginDocument('topologyVersion').value('processId', bsonTypes.objectId, this.#server.processId);
      writer.int64('counter', topologyCounterOf(this.#server)).end();
    }
    return this.#withTimes(writer, call, operation);
  }

  /** A write reports the time of its last history entry; any other command reports the current time. */
  #withTimes(writer: BsonWriter, { request }: Call, operation: OperationTime): Buffer {
    const { store } = this.#server;
    const time = store.clusterClock.current;
    if (request.body.has('$replData')) writer.fields({ $replData: replicationMetadata(this.#server) });
    const read = this.#server.member?.readTime ?? time;
    return appendReplyTimes(writer, { clusterTime: time, operationTime: operation.last ?? read }).finish();
  }
}

/** Legacy messages are accepted only for the handshake. */
function checkOpcode({ isLegacy, body }: Request): void {
  if (!isLegacy || body.name === 'hello' || body.name.toLowerCase() === 'ismaster') return;
  throw new MongoFailure(
    'UnsupportedOpQueryCommand',
    `Unsupported OP_QUERY command: ${body.name}. The client driver may require an upgrade.`,
  );
}

/** Whether a monitoring client streams `hello` replies. */
function isStreaming({ isExhaustAllowed, body }: Request): boolean {
  return isExhaustAllowed && body.name === 'hello' && body.has('topologyVersion') && body.has('maxAwaitTimeMS');
}
