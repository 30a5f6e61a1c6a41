import { Long, serialize } from 'bson';
import { compileFilter } from '../query/filter.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

function run({ body, server }: CommandContext): CommandResult {
  const { catalog } = server.store;
  const filterDocument = body.document('filter');
  const filter = filterDocument === undefined ? null : compileFilter(filterDocument);
  const nameOnly = body.boolean('nameOnly') === true;
  // `admin`, `config` and `local` always exist on a replica set.
  const names = [...new Set([...catalog.databases(), 'admin', 'config', 'local'])].sort();
  const all = names.map((name) => {
    const sizeOnDisk = catalog.collections(name).reduce((sum, { table }) => sum + table.dataBytes(), 0);
    return { name, sizeOnDisk: Long.fromNumber(sizeOnDisk), empty: catalog.collections(name).length === 0 };
  });
  const databases = all.filter(
    (entry) => filter === null || filter.matches(serialize(nameOnly ? { name: entry.name } : entry)),
  );
  if (nameOnly) return { databases: databases.map(({ name }) => ({ name })) };
  const totalSize = databases.reduce((sum, { sizeOnDisk }) => sum + sizeOnDisk.toNumber(), 0);
  return {
    databases,
    totalSize: Long.fromNumber(totalSize),
    totalSizeMb: Long.fromNumber(Math.floor(totalSize / 1048576)),
  };
}

/** `listDatabases`. */
export const listDatabasesCommand: Command = { names: ['listDatabases'], isAdminOnly: true, run };
