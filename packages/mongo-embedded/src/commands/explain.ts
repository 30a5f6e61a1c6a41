import { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { aggregateCommand, explainAggregate } from './aggregate.ts';
import { checkCollectionUuid } from './collection-uuid.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { countCommand } from './count.ts';
import { deleteCommand } from './delete.ts';
import { distinctCommand } from './distinct.ts';
import { findCommand, findSource } from './find.ts';
import { findAndModifyCommand } from './find-and-modify.ts';
import { checkCommandCollation, filterOf, sortOf, variablesOf } from './find-options.ts';
import { checkCommandFields } from './generic-fields.ts';
import { readHint } from './hint.ts';
import { collectionName } from './namespace.ts';
import { updateCommand } from './update.ts';
import { parseStatement } from './update-statement.ts';

const verbosities: readonly string[] = ['queryPlanner', 'executionStats', 'allPlansExecution'];

/** Checks a command as its run would, without running it. */
type Check = (context: CommandContext, name: string) => void;

function checkQuery(context: CommandContext, name: string): void {
  const { body, access, database } = context;
  filterOf(body.document('query'), variablesOf(context));
  readHint(body, access.collection(database, name));
}

function checkFind(context: CommandContext, name: string): void {
  findSource(context, context.access.collection(context.database, name)).close();
}

function checkUpdates(context: CommandContext, name: string): void {
  for (const raw of context.body.documents('updates') ?? [])
    parseStatement(context, new CommandBody(Buffer.from(raw), new Map(), 'update.updates'), name);
}

function checkDeletes(context: CommandContext, name: string): void {
  for (const raw of context.body.documents('deletes') ?? []) {
    const statement = new CommandBody(Buffer.from(raw), new Map(), 'delete.deletes');
    filterOf(statement.requiredDocument('q'), variablesOf(context));
    readHint(statement, context.access.collection(context.database, name));
  }
}

function checkFindAndModify(context: CommandContext, name: string): void {
  checkQuery(context, name);
  sortOf(context.body.document('sort'));
}

const explainable: readonly (readonly [Command, Check])[] = [
  [findCommand, checkFind],
  [aggregateCommand, explainAggregate],
  [countCommand, checkQuery],
  [distinctCommand, checkQuery],
  [updateCommand, checkUpdates],
  [deleteCommand, checkDeletes],
  [findAndModifyCommand, checkFindAndModify],
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
  const [command, check] = found;
  checkCommandFields(body, command.names[0] ?? body.name);
  const isCollection = body.name !== 'aggregate' || body.rawElement('aggregate')?.type === stringType;
  const within = { ...context, body };
  const name = isCollection ? collectionName(body, context.database) : '';
  if (isCollection) checkCollectionUuid(within, name);
  checkCommandCollation(body);
  check(within, name);
  return {
    queryPlanner: {
      plannerVersion: 1,
      namespace: `${context.database}.${name}`,
      winningPlan: { stage: 'UNKNOWN' },
      rejectedPlans: [],
    },
    command: body.decode(),
    note: 'this server does not show which index it uses',
  };
}

const stringType = 2;

/** `explain`: checks the command as a run would, and reports no plan. */
export const explainCommand: Command = { names: ['explain'], run };
