import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Collection } from '../storage/catalog.ts';
import { aggregateCommand, explainAggregate } from './aggregate.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { countCommand } from './count.ts';
import { deleteCommand } from './delete.ts';
import { distinctCommand } from './distinct.ts';
import { type ExplainedRead, winningPlan } from './explain-plan.ts';
import { findCommand, findRead, findSource } from './find.ts';
import { findAndModifyCommand } from './find-and-modify.ts';
import { checkCommandCollation, filterOf, sortOf, unsorted, variablesOf } from './find-options.ts';
import { checkCommandFields } from './generic-fields.ts';
import { orderedBy, readHint, restricted } from './hint.ts';
import { queryRead } from './named-collection.ts';
import { collectionName } from './namespace.ts';
import { updateCommand } from './update.ts';
import { parseStatement } from './update-statement.ts';

const verbosities: readonly string[] = ['queryPlanner', 'executionStats', 'allPlansExecution'];

interface Explained {
  readonly context: CommandContext;
  readonly name: string;
  readonly collection: Collection | undefined;
}

/** Checks a command as its run would, without running it. Returns what it reads; null if that is not one scan. */
type Explain = (explained: Explained) => ExplainedRead | null;

function explainQuery({ context, collection }: Explained): ExplainedRead {
  return queryRead(context, collection);
}

function explainFind({ context, collection }: Explained): ExplainedRead {
  findSource(context, collection).close();
  return findRead(context, collection);
}

/** Of several statements the last one is shown. */
function explainUpdates({ context, name }: Explained): ExplainedRead | null {
  let read: ExplainedRead | null = null;
  for (const raw of context.body.documents('updates') ?? []) {
    const statement = new CommandBody(Buffer.from(raw), new Map(), 'update.updates');
    const { filter, sort } = parseStatement(context, statement, name);
    read = { filter, choice: sort ?? unsorted('any') };
  }
  return read;
}

function explainDeletes({ context, collection }: Explained): ExplainedRead | null {
  let read: ExplainedRead | null = null;
  for (const raw of context.body.documents('deletes') ?? []) {
    const statement = new CommandBody(Buffer.from(raw), new Map(), 'delete.deletes');
    const hint = readHint(context, statement, collection);
    const filter = filterOf(statement.requiredDocument('q'), variablesOf(context));
    read = { filter: restricted(filter, hint), choice: unsorted(hint.order.order) };
  }
  return read;
}

function explainFindAndModify({ context, collection }: Explained): ExplainedRead {
  const { filter } = queryRead(context, collection);
  const hint = readHint(context, context.body, collection);
  return { filter, choice: orderedBy(sortOf(context.body.document('sort')), hint) };
}

const explainable: readonly (readonly [Command, Explain])[] = [
  [findCommand, explainFind],
  [aggregateCommand, ({ context }) => explainAggregate(context)],
  [countCommand, explainQuery],
  [distinctCommand, explainQuery],
  [updateCommand, explainUpdates],
  [deleteCommand, explainDeletes],
  [findAndModifyCommand, explainFindAndModify],
];

function run(context: CommandContext): CommandResult {
  const explained = context.body.nested('explain');
  if (explained === undefined) throw new MongoFailure('FailedToParse', "'explain' must be an object");
  const verbosity = context.body.string('verbosity') ?? 'allPlansExecution';
  if (!verbosities.includes(verbosity))
    throw new MongoFailure(
      'BadValue',
      `Enumeration value '${verbosity}' for field 'explain.verbosity' is not a valid value.`,
    );
  const body = new CommandBody(explained.raw);
  const found = explainable.find(([{ names }]) => names.includes(body.name));
  if (found === undefined)
    throw new MongoFailure('CommandNotFound', `Explain failed due to unknown command: ${body.name}`);
  const [command, explain] = found;
  checkCommandFields(body, command.names[0] ?? body.name);
  const isCollection = body.name !== 'aggregate' || body.rawElement('aggregate')?.type === stringType;
  const within = { ...context, body };
  const name = isCollection ? collectionName(body, context.database) : '';
  if (isCollection) checkCollectionUuid(within, name);
  checkCommandCollation(body);
  const collection = context.access.collection(context.database, name);
  const read = explain({ context: within, name, collection });
  return {
    queryPlanner: {
      plannerVersion: 1,
      namespace: `${context.database}.${name}`,
      winningPlan: winningPlan(collection, read),
      rejectedPlans: [],
    },
    command: body.decode(),
  };
}

const stringType = 2;

/** `explain`: checks the command as a run would, and reports the plan of its scan. */
export const explainCommand: Command = { names: ['explain'], run };
