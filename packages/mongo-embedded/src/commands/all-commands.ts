import { administrationCommands } from './administration.ts';
import { aggregateCommand } from './aggregate.ts';
import { authenticationCommands } from './authentication-commands.ts';
import { bulkWriteCommand } from './bulk-write.ts';
import { collModCommand } from './coll-mod.ts';
import type { Command } from './command.ts';
import { countCommand } from './count.ts';
import { createCommand } from './create.ts';
import { createIndexesCommand } from './create-indexes.ts';
import { operationCommands } from './current-op.ts';
import { deleteCommand } from './delete.ts';
import { diagnosticCommands } from './diagnostics.ts';
import { distinctCommand } from './distinct.ts';
import { dropCommand, dropDatabaseCommand } from './drop.ts';
import { explainCommand } from './explain.ts';
import { findCommand } from './find.ts';
import { findAndModifyCommand } from './find-and-modify.ts';
import { getMoreCommand } from './get-more.ts';
import { helloCommand } from './hello.ts';
import { dropIndexesCommand, listIndexesCommand } from './indexes.ts';
import { insertCommand } from './insert.ts';
import { killCursorsCommand } from './kill-cursors.ts';
import { listCollectionsCommand } from './list-collections.ts';
import { listDatabasesCommand } from './list-databases.ts';
import { parameterCommands } from './parameter-commands.ts';
import { renameCollectionCommand } from './rename-collection.ts';
import { replicaSetCommands } from './replica-set-commands.ts';
import { sessionCommands } from './session-commands.ts';
import { statisticsCommands } from './statistics.ts';
import { unsupportedCommands } from './unsupported.ts';
import { updateCommand } from './update.ts';

const ownCommands: readonly Command[] = [
  helloCommand,
  insertCommand,
  updateCommand,
  deleteCommand,
  findCommand,
  aggregateCommand,
  findAndModifyCommand,
  countCommand,
  distinctCommand,
  renameCollectionCommand,
  ...statisticsCommands,
  getMoreCommand,
  killCursorsCommand,
  createCommand,
  collModCommand,
  createIndexesCommand,
  dropCommand,
  dropDatabaseCommand,
  listCollectionsCommand,
  listDatabasesCommand,
  listIndexesCommand,
  dropIndexesCommand,
  bulkWriteCommand,
  explainCommand,
  ...administrationCommands,
  ...operationCommands,
  ...authenticationCommands,
  ...diagnosticCommands,
  ...parameterCommands,
  ...sessionCommands,
  ...replicaSetCommands,
];

/** `listCommands`: the commands that this server implements. */
const listCommandsCommand: Command = {
  names: ['listCommands'],
  needsNoLogin: true,
  run: () => ({
    commands: Object.fromEntries(
      [...ownCommands, listCommandsCommand].map(({ names: [name, ...others], isAdminOnly, needsNoLogin }) => [
        name,
        {
          help: '',
          requiresAuth: needsNoLogin !== true,
          secondaryOk: false,
          adminOnly: isAdminOnly === true,
          aliases: others,
        },
      ]),
    ),
  }),
};

/** Every command that the server knows; anything else is CommandNotFound 59. */
export const allCommands: readonly Command[] = [...ownCommands, listCommandsCommand, ...unsupportedCommands];
