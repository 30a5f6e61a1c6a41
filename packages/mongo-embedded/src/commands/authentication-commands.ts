import type { Document } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

function start({ body, connection, database, server }: CommandContext): CommandResult {
  return connection.login.start(body, database, server.users);
}

function continueLogin({ body, connection }: CommandContext): CommandResult {
  return connection.login.continue(body);
}

function logout({ connection }: CommandContext): CommandResult {
  connection.login.logout();
  return {};
}

/** Every user may do everything: the server has no roles but this one. */
function connectionStatus({ body, connection }: CommandContext): CommandResult {
  const { user } = connection.login;
  const users = user === null ? [] : [{ user: user.name, db: user.database }];
  const roles = user === null ? [] : [{ role: 'root', db: 'admin' }];
  const privileges = body.boolean('showPrivileges') === true ? { authenticatedUserPrivileges: [] } : {};
  return { authInfo: { authenticatedUsers: users, authenticatedUserRoles: roles, ...privileges } };
}

function refuseLogin({ body }: CommandContext): never {
  for (const name of ['mechanism', 'user'] as const) body.string(name);
  throw new MongoFailure('AuthenticationFailed', 'Authentication failed.');
}

/**
 * The login fields of a hello: the mechanisms of the user that `saslSupportedMechs` names, and the first step of a login
 * that `speculativeAuthenticate` begins. A speculative login that fails is omitted, and the client starts over.
 * Source: MongoDB's authentication and handshake specifications.
 */
export function loginFields(context: CommandContext): Document {
  return { ...mechanismFields(context), ...speculativeFields(context) };
}

/** `saslSupportedMechs` names a user as `<database>.<name>`. */
function mechanismFields({ body, server }: CommandContext): Document {
  const asked = body.string('saslSupportedMechs') ?? '';
  const dot = asked.indexOf('.');
  if (dot <= 0 || server.users.find(asked.slice(0, dot), asked.slice(dot + 1)) === null) return {};
  return { saslSupportedMechs: ['SCRAM-SHA-256'] };
}

function speculativeFields({ body, connection, server }: CommandContext): Document {
  const first = body.nested('speculativeAuthenticate');
  if (first?.has('saslStart') !== true) return {};
  try {
    return { speculativeAuthenticate: connection.login.start(first, first.string('db') ?? 'admin', server.users) };
  } catch (error) {
    if (!(error instanceof MongoFailure)) throw error;
    return {};
  }
}

/** Commands that log a connection in and out, and tell who it belongs to. */
export const authenticationCommands: readonly Command[] = [
  { names: ['saslStart'], needsNoLogin: true, run: start },
  { names: ['saslContinue'], needsNoLogin: true, run: continueLogin },
  { names: ['authenticate'], needsNoLogin: true, run: refuseLogin },
  { names: ['logout'], needsNoLogin: true, run: logout },
  { names: ['connectionStatus'], needsNoLogin: true, run: connectionStatus },
];
