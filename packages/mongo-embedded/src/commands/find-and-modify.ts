import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { refuseView } from './collection-documents.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { checkCommandCollation, filterOf, sortOf, variablesOf } from './find-options.ts';
import { type Hint, orderedBy, readHint, restricted } from './hint.ts';
import { toWriteFailure } from './insert.ts';
import { forEachMatch } from './matches.ts';
import { checkWritableName, collectionName } from './namespace.ts';
import { projector } from './projector.ts';
import { StatementIds } from './statement-ids.ts';
import { compileStatement, hinted, runUpdate, type UpdateOutcome } from './update-statement.ts';

function checkOptions({ body }: CommandContext): void {
  const isRemove = body.boolean('remove') === true;
  if (!isRemove && body.element('update') === undefined) {
    throw new MongoFailure('FailedToParse', 'Either an update or remove=true must be specified');
  }
  if (!isRemove) return;
  if (body.element('update') !== undefined)
    throw new MongoFailure('FailedToParse', 'Cannot specify both an update and remove=true');
  if (body.boolean('upsert') === true)
    throw new MongoFailure('FailedToParse', 'Cannot specify both upsert=true and remove=true ');
  if (body.boolean('new') === true) {
    throw new MongoFailure(
      'FailedToParse',
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { body, database } = context;
  const name = collectionName(body, database);
  checkWritableName(database, name);
  refuseView(context, name);
  checkOptions(context);
  checkCommandCollation(body);
  const hint = readHint(context, body, context.access.collection(database, name));
  const ids = new StatementIds(context);
  const before = ids.before(0);
  if (before !== null) return ids.appendRetried(new BsonWriter(before.length + 256).elements(before));
  const target: Target = { name, ids, hint };
  try {
    return body.boolean('remove') === true ? await remove(context, target) : await update(context, target);
  } catch (error) {
    throw toWriteFailure(error, context);
  }
}

interface Target {
  readonly name: string;
  readonly ids: StatementIds;
  readonly hint: Hint;
}

async function remove(context: CommandContext, { name, ids, hint }: Target): Promise<CommandResult> {
  const { body, database, access } = context;
  const filter = restricted(filterOf(body.document('query'), variablesOf(context)), hint);
  const sort = orderedBy(sortOf(body.document('sort')), hint);
  const project = fieldsOf(context, filter);
  const collection = access.collection(database, name);
  let reply = removedReply(null);
  if (collection !== undefined) {
    await forEachMatch(context, { collection, filter, isSingle: true, sort }, (stored, current) => {
      access.remove(current, stored);
      reply = removedReply(project(stored.document));
      ids.applied(0, reply.copy());
    });
  }
  return reply;
}

function removedReply(document: Uint8Array | null): BsonWriter {
  const writer = new BsonWriter()
    .beginDocument('lastErrorObject')
    .int32('n', document === null ? 0 : 1)
    .end();
  return appendValue(writer, document);
}

async function update(context: CommandContext, { name, ids, hint }: Target): Promise<CommandResult> {
  const { body } = context;
  const isUpsert = body.boolean('upsert') === true;
  const compiled = compileStatement(context, {
    filter: body.document('query'),
    update: body.element('update'),
    constants: undefined,
    arrayFilters: body.documents('arrayFilters'),
    sort: body.document('sort'),
    isMulti: false,
    isUpsert,
  });
  const statement = hinted(compiled, hint);
  const project = fieldsOf(context, statement.filter);
  const reply = (outcome: UpdateOutcome): BsonWriter => updatedReply(outcome, body.boolean('new') === true, project);
  const record = (outcome: UpdateOutcome): void => ids.applied(0, reply(outcome).copy());
  return reply(await runUpdate(context, name, context.retryableWrite === null ? { statement } : { statement, record }));
}

function updatedReply(
  outcome: UpdateOutcome,
  isNew: boolean,
  project: (document: Uint8Array) => Uint8Array,
): BsonWriter {
  const isFound = outcome.matched > 0;
  const writer = new BsonWriter().beginDocument('lastErrorObject');
  writer.int32('n', isFound || outcome.upsertedId !== null ? 1 : 0).boolean('updatedExisting', isFound);
  if (outcome.upsertedId !== null) writer.value('upserted', outcome.upsertedId.type, outcome.upsertedId.span());
  writer.end();
  const shown = isNew ? outcome.after : outcome.before;
  return appendValue(writer, shown === null ? null : project(shown));
}

function appendValue(writer: BsonWriter, document: Uint8Array | null): BsonWriter {
  return document === null ? writer.null('value') : writer.document('value', document);
}

function fieldsOf(context: CommandContext, filter: ReturnType<typeof filterOf>): (document: Uint8Array) => Uint8Array {
  return projector(context.body.document('fields'), filter, variablesOf(context)) ?? ((document) => document);
}

/** `findAndModify`. */
export const findAndModifyCommand: Command = {
  names: ['findAndModify', 'findandmodify'],
  isTransactional: true,
  isRetryableWrite: true,
  isWrite: true,
  run,
};
