import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { stringIn } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { genericFields } from './generic-fields.ts';
import type { Parameters } from './parameters.ts';

const flags = ['ttlMonitorEnabled', 'notablescan'] as const;

const numbers = [
  'cursorTimeoutMillis',
  'transactionLifetimeLimitSeconds',
  'localLogicalSessionTimeoutMinutes',
  'ttlMonitorSleepSecs',
] as const;

function isFlag(name: string): name is (typeof flags)[number] {
  return (flags as readonly string[]).includes(name);
}

function isNumber(name: string): name is (typeof numbers)[number] {
  return (numbers as readonly string[]).includes(name);
}

function get({ body, server }: CommandContext): CommandResult {
  const first = body.rawElement('getParameter');
  const isAll = first?.type === bsonTypes.string && body.string('getParameter') === '*';
  if (isAll) return { ...server.parameters };
  const names = body.keys().filter((name) => name !== 'getParameter' && !genericFields.has(name));
  const known = names.filter((name): name is keyof Parameters => name in server.parameters);
  if (known.length === 0) throw new MongoFailure('InvalidOptions', 'no option found to get');
  return Object.fromEntries(known.map((name) => [name, server.parameters[name]]));
}

function set({ body, server }: CommandContext): CommandResult {
  const names = body.keys().filter((name) => name !== 'setParameter' && !genericFields.has(name));
  if (names.length === 0)
    throw new MongoFailure('InvalidOptions', 'no option found to set, use help:true to see options');
  let was: unknown;
  for (const name of names) was = setOne(server.parameters, name, body);
  return { was };
}

/** Sets one parameter. Returns its old value. */
function setOne(parameters: Parameters, name: string, body: CommandBody): unknown {
  if (isFlag(name)) {
    const was = parameters[name];
    parameters[name] = body.boolean(name) === true;
    return was;
  }
  if (isNumber(name)) {
    const was = parameters[name];
    parameters[name] = positiveNumber(body, name);
    return was;
  }
  throw new MongoFailure(
    'InvalidOptions',
    `attempted to set unrecognized parameter [${name}], use help:true to see options `,
  );
}

function positiveNumber(body: CommandBody, name: string): number {
  const value = body.number(name) ?? 0;
  if (value > 0) return value;
  throw new MongoFailure('BadValue', `Invalid value for parameter ${name}: ${value} is not greater than or equal to 1`);
}

/** Checks the types of a fail point's `data`. */
function checkFailPointData(data: CommandBody | undefined): void {
  if (data === undefined) return;
  for (const name of ['failCommands', 'errorLabels'] as const) {
    for (const element of data.array(name) ?? []) stringIn(element, `data.${name}`);
  }
  for (const name of ['errorCode', 'blockTimeMS', 'failBeforeCommitExceptionCode'] as const) data.number(name);
  for (const name of ['closeConnection', 'blockConnection'] as const) data.boolean(name);
  for (const name of ['appName', 'namespace'] as const) data.string(name);
  const concern = data.nested('writeConcernError');
  concern?.number('code');
  concern?.string('errmsg');
}

/** `getParameter` and `setParameter`, for the parameters that this server has. */
export const parameterCommands: readonly Command[] = [
  { names: ['getParameter'], isAdminOnly: true, run: get },
  { names: ['setParameter'], isAdminOnly: true, run: set },
  {
    names: ['configureFailPoint'],
    isAdminOnly: true,
    run({ body, server }): CommandResult {
      const mode = body.rawElement('mode')?.type === bsonTypes.object ? body.nested('mode') : undefined;
      for (const name of ['times', 'skip', 'activationProbability'] as const) mode?.number(name);
      checkFailPointData(body.nested('data'));
      return { count: server.failPoints.configure(body.decode()) };
    },
  },
];
