import { BsonWriter } from '../bson/bson-writer.ts';
import { ListSource } from '../cursor/list-source.ts';
import { openCursor } from '../cursor/open-cursor.ts';
import { compileFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import { idIndexSpecification } from '../storage/schema-change.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database, server } = context;
  const filterDocument = body.document('filter');
  const filter = filterDocument === undefined ? null : compileFilter(filterDocument);
  const isNameOnly = body.boolean('nameOnly') === true;
  const collections = [...server.store.catalog.collections(database)].sort((a, b) => (a.name < b.name ? -1 : 1));
  const documents = collections
    .map((collection) => ({ collection, full: describe(collection) }))
    .filter(({ full }) => filter === null || filter.matches(full))
    .map(({ collection, full }) => (isNameOnly ? nameOnly(collection) : full));
  const namespace = `${database}.$cmd.listCollections`;
  const batchSize = body.nested('cursor')?.count('batchSize');
  return openCursor(context, { namespace, source: new ListSource(documents), batchSize });
}

function typeOf(collection: Collection): 'collection' | 'view' {
  return viewOf(collection) === null ? 'collection' : 'view';
}

function nameOnly(collection: Collection): Buffer {
  return new BsonWriter().string('name', collection.name).string('type', typeOf(collection)).finish();
}

function describe(collection: Collection): Buffer {
  const writer = new BsonWriter().string('name', collection.name).string('type', typeOf(collection));
  writer.document('options', collection.options);
  if (viewOf(collection) !== null) return writer.beginDocument('info').boolean('readOnly', true).end().finish();
  writer.beginDocument('info').boolean('readOnly', false).binary('uuid', collection.uuid, 4).end();
  return writer.document('idIndex', idIndexSpecification).finish();
}

/** `listCollections`. */
export const listCollectionsCommand: Command = { names: ['listCollections'], run };
