import { Binary } from 'bson';
import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { sessionKey } from '../session/session-table.ts';
import { newUuid } from '../storage/catalog.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

function transactionOf({ lsid, txnNumber, body }: CommandContext): { lsid: Buffer; txnNumber: bigint } {
  if (lsid === null || txnNumber === null || body.boolean('autocommit') !== false) {
    throw new MongoFailure('InvalidOptions', `${body.name} must be run within a transaction`);
  }
  return { lsid, txnNumber };
}

async function commit(context: CommandContext): Promise<CommandResult> {
  const { lsid, txnNumber } = transactionOf(context);
  const { sessions, cursors } = context.server;
  const before = sessions.openTransactions();
  await sessions.commit(lsid, txnNumber);
  const open = new Set(sessions.openTransactions());
  for (const transaction of before)
    if (!open.has(transaction)) cursors.killWhere((cursor) => cursor.transaction === transaction);
  return {};
}

function abort(context: CommandContext): CommandResult {
  const { lsid, txnNumber } = transactionOf(context);
  const { sessions, cursors } = context.server;
  const transaction = sessions.continueTransaction(lsid, txnNumber);
  sessions.abort(lsid, txnNumber);
  cursors.killWhere((cursor) => cursor.transaction === transaction);
  return {};
}

/** The sessions that a command lists, each as a raw `{ id }`. */
function listed({ body }: CommandContext): string[] {
  return (body.documents(body.name) ?? []).map((lsid) => sessionKey(new CommandBody(Buffer.from(lsid)).raw));
}

function end(context: CommandContext): CommandResult {
  const { sessions, cursors } = context.server;
  for (const key of listed(context)) {
    sessions.kill(key);
    cursors.killWhere((cursor) => cursor.session === key);
  }
  return {};
}

/** Without users, a list of users selects no session; an empty list selects all. */
function killAll({ server, body }: CommandContext): CommandResult {
  if ((body.documents(body.name) ?? []).length > 0) return {};
  server.sessions.killAll();
  server.cursors.killWhere((cursor) => cursor.session !== null);
  return {};
}

/** A pattern selects one session by its `lsid`; users and roles are not supported. */
function killByPattern(context: CommandContext): CommandResult {
  const { sessions, cursors } = context.server;
  const patterns = context.body.documents(context.body.name) ?? [];
  if (patterns.length === 0) return killAll(context);
  for (const raw of patterns) {
    const pattern = new CommandBody(Buffer.from(raw), new Map(), context.body.name);
    const other = pattern.keys().find((name) => name !== 'lsid');
    if (other !== undefined)
      throw new MongoFailure(
        'CommandNotSupported',
        `'${other}' of ${context.body.name} is not supported by this server`,
      );
    const key = sessionKey(pattern.requiredDocument('lsid'));
    sessions.kill(key);
    cursors.killWhere((cursor) => cursor.session === key);
  }
  return {};
}

function start({ server }: CommandContext): CommandResult {
  return { id: { id: new Binary(newUuid(), 4) }, timeoutMinutes: server.parameters.localLogicalSessionTimeoutMinutes };
}

function refresh(context: CommandContext): CommandResult {
  for (const lsid of context.body.documents('refreshSessions') ?? []) context.server.sessions.touch(lsid);
  return {};
}

/** Session commands, and the commands that end a transaction. */
export const sessionCommands: readonly Command[] = [
  { names: ['commitTransaction'], isAdminOnly: true, isTransactional: true, isWrite: true, run: commit },
  { names: ['abortTransaction'], isAdminOnly: true, isTransactional: true, isWrite: true, run: abort },
  { names: ['startSession'], run: start },
  { names: ['endSessions', 'killSessions'], run: end },
  { names: ['refreshSessions'], run: refresh },
  { names: ['killAllSessions'], run: killAll },
  { names: ['killAllSessionsByPattern'], run: killByPattern },
];
