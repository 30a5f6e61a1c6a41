import type { Command } from './command.ts';
import { createCommand } from './create.ts';
import { createIndexesCommand } from './create-indexes.ts';
import { diagnosticCommands } from './diagnostics.ts';
import { dropCommand, dropDatabaseCommand } from './drop.ts';
import { getMoreCommand } from './get-more.ts';
import { helloCommand } from './hello.ts';
import { dropIndexesCommand, listIndexesCommand } from './indexes.ts';
import { insertCommand } from './insert.ts';
import { killCursorsCommand } from './kill-cursors.ts';
import { listCollectionsCommand } from './list-collections.ts';
import { listDatabasesCommand } from './list-databases.ts';
import { parameterCommands } from './parameter-commands.ts';
import { sessionCommands } from './session-commands.ts';

/** Every command that the server knows; anything else is CommandNotFound 59. */
export const allCommands: readonly Command[] = [
  helloCommand,
  insertCommand,
  getMoreCommand,
  killCursorsCommand,
  createCommand,
  createIndexesCommand,
  dropCommand,
  dropDatabaseCommand,
  listCollectionsCommand,
  listDatabasesCommand,
  listIndexesCommand,
  dropIndexesCommand,
  ...diagnosticCommands,
  ...parameterCommands,
  ...sessionCommands,
];
