import { bsonTypes } from '@emcachers/bson/bson-types';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandBody } from '../bson/command-body.ts';
import { forEachElement } from '../bson/raw-element.ts';
import { numberIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Operation } from '../operation/operation.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { filterOf, variablesOf } from './find-options.ts';
import { genericFields } from './generic-fields.ts';
import { namespaceOf } from './namespace.ts';

/** `op` of an operation by its command; of any other `command`. Source: manual, "currentOp.op". */
const kinds: Readonly<Record<string, string>> = {
  find: 'query',
  getMore: 'getmore',
  insert: 'insert',
  update: 'update',
  delete: 'remove',
};

/** Of a larger field only its size is shown; mongod cuts the command off. */
const fieldBytesMax = 1024;

/** The operations in progress as `$currentOp` returns them, the asking one included. */
export function currentOperations({ server }: CommandContext): Buffer[] {
  const { clock, operations } = server;
  const times = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  return operations.list().map((operation) => describe(operation, times));
}

function describe(operation: Operation, times: { readonly nowMs: number; readonly monotonicMs: number }): Buffer {
  const { connection, id, isKilled, request } = operation;
  const runningMs = times.monotonicMs - operation.startedMs;
  const writer = new BsonWriter().string('type', 'op').string('host', connection.serverAddress);
  writer.string('desc', `conn${connection.id}`).int32('connectionId', connection.id);
  writer.string('client', connection.clientAddress);
  if (connection.applicationName !== null) writer.string('appName', connection.applicationName);
  writer.boolean('active', true).string('currentOpTime', new Date(times.nowMs).toISOString()).int32('opid', id);
  writer.int64('secs_running', Math.trunc(runningMs / 1000)).int64('microsecs_running', Math.ceil(runningMs * 1000));
  writer.string('op', kindOf(request.body)).string('ns', operationNamespace(operation));
  appendCommand(writer, request.body);
  const lsid = request.body.rawElement('lsid');
  if (lsid !== undefined) writer.value('lsid', lsid.type, lsid.bytes);
  if (isKilled) writer.boolean('killPending', true);
  return writer.finish();
}

function kindOf({ name }: CommandBody): string {
  return Object.hasOwn(kinds, name) ? (kinds[name] ?? 'command') : 'command';
}

/** A getMore has the namespace of its cursor, and a command without a collection that of its database. */
function operationNamespace({ request: { body, database } }: Operation): string {
  if (body.name === 'aggregate' && body.element('aggregate')?.type !== bsonTypes.string)
    return `${database}.$cmd.aggregate`;
  return namespaceOf(body, database, body.name === 'getMore' ? 'collection' : body.name);
}

function appendCommand(writer: BsonWriter, { raw }: CommandBody): void {
  writer.beginDocument('command');
  forEachElement(raw, (name, { type, bytes }) => {
    if (bytes.length <= fieldBytesMax) writer.value(name, type, bytes);
    else writer.string(name, `${bytes.length} bytes`);
    return undefined;
  });
  writer.end();
}

/** `currentOp`: its other fields are a filter, like the ones of a `$match` after `$currentOp`. */
function currentOp(context: CommandContext): CommandResult {
  const { body } = context;
  const wanted = new BsonWriter();
  for (const name of body.arguments()) {
    const element = body.rawElement(name);
    const isOwn = genericFields.has(name) || name === '$all' || name === '$ownOps';
    if (element !== undefined && !isOwn) wanted.value(name, element.type, element.bytes);
  }
  const filter = filterOf(wanted.finish(), variablesOf(context));
  return new BsonWriter().documents(
    'inprog',
    currentOperations(context).filter((operation) => filter.matches(operation)),
  );
}

/** `killOp`: marks the operation, which ends at its next turn. The answer is the same if there is none, as in mongod. */
function killOp({ body, server }: CommandContext): CommandResult {
  const op = body.element('op');
  if (op === undefined) throw new MongoFailure('NoSuchKey', 'Missing expected field "op"');
  const id = numberIn(op, 'op');
  if (!Number.isInteger(id))
    throw new MongoFailure('BadValue', `Expected field "op" to have a whole number, found ${id}`);
  if (id !== (id | 0)) throw new MongoFailure(26823, `invalid op : ${id}. Op ID cannot be represented with 32 bits`);
  server.operations.kill(id);
  return { info: 'attempting to kill op' };
}

/** The commands that show and end operations. */
export const operationCommands: readonly Command[] = [
  { names: ['currentOp'], isAdminOnly: true, run: currentOp },
  { names: ['killOp'], isAdminOnly: true, run: killOp },
];
