import { type EntityView, entityViewSchema } from '@emcachers/core/api-views';
import { type EntityPlan, entityPlanSchema, type PlanStep } from '@emcachers/core/entity-plan';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { CliCall, RunCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { type Description, descriptionSchema, descriptionVersion, readDescription } from '../description.ts';
import { pathOf } from '../engine-client.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { followJob } from '../follow-job.ts';
import { type Answer, listAnswer } from '../output/output.ts';
import { requireYes } from './action-commands.ts';
import { untilPublished } from './entity-commands.ts';

/** Entities as a file describes them. */
export function addApplyCommands(program: Command, run: RunCommand): void {
  const described = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('-f, --file <file>', 'description of the entities; - is standard input', 'emcachers.yaml')
      .option('--prune', 'delete entities that the file does not describe');
  described('plan', 'Say what apply will do. Changes nothing.').action(run(plan));
  described('diff', `Say what differs, and exit with ${exitCodes.different} if anything does.`).action(run(diff));
  described('apply', 'Create what is missing, set indexes, and delete with --prune. It may be repeated at any time.')
    .option('--yes', 'delete without being asked to repeat the command')
    .option('--no-wait', 'do not wait for the caches')
    .action(run(apply));
  program.command('export').description('Write a description of the entities that exist.').action(run(exportEntities));
  program.command('schema').description('Print the JSON Schema of the file, for editors.').action(run(printSchema));
}

interface FileOptions {
  readonly file: string;
  readonly prune?: boolean;
}

interface ApplyOptions extends FileOptions {
  readonly yes?: boolean;
  readonly wait: boolean;
}

function planOf(call: CliCall, { entities }: Description, prune: boolean): Promise<EntityPlan> {
  return call.engine.call(entityPlanSchema, { method: 'POST', path: '/api/v1/plan', body: { entities, prune } });
}

async function plan(call: CliCall, { file, prune = false }: FileOptions): Promise<ExitCode> {
  const found = await planOf(call, readDescription(file), prune);
  call.answer(planAnswer(found));
  return found.steps.every(({ isPossible }) => isPossible) ? exitCodes.success : exitCodes.conflict;
}

async function diff(call: CliCall, { file, prune = false }: FileOptions): Promise<ExitCode> {
  const found = await planOf(call, readDescription(file), prune);
  call.answer(planAnswer(found));
  return found.steps.some(({ action }) => action !== 'none') ? exitCodes.different : exitCodes.success;
}

/** Plans first. If a part is not possible, nothing is done: half of a description is seldom what was meant. */
async function apply(call: CliCall, { file, prune = false, yes, wait }: ApplyOptions): Promise<ExitCode> {
  const description = readDescription(file);
  const found = await planOf(call, description, prune);
  const impossible = found.steps.filter(({ isPossible }) => !isPossible);
  if (impossible.length > 0) {
    call.answer(planAnswer(found));
    throw new CliError(
      `Nothing was done, because ${impossible.length} of ${found.steps.length} steps are not possible.`,
      {
        exitCode: exitCodes.conflict,
        code: impossible[0]?.errorCode ?? null,
        fields: impossible.map(({ entityName, consequence }) => `${entityName}: ${consequence}`),
      },
    );
  }
  const deleted = found.steps.filter(({ action }) => action === 'delete').map(({ entityName }) => entityName);
  if (deleted.length > 0) requireYes(yes, `Deletes ${deleted.join(', ')} with oplog and caches.`);
  const byName = new Map(description.entities.map((entity) => [entity.entityName.toLowerCase(), entity]));
  for (const step of found.steps) await carryOut(call, step, byName.get(step.entityName.toLowerCase()));
  if (wait)
    for (const { entityName } of found.steps.filter(({ action }) => action === 'create'))
      await untilPublished(call, entityName);
  call.answer(planAnswer(await planOf(call, description, prune)));
  return exitCodes.success;
}

async function carryOut(
  call: CliCall,
  { action, entityName, consequence }: PlanStep,
  entity: Description['entities'][number] | undefined,
): Promise<void> {
  if (action === 'none') return;
  call.note(`${entityName}: ${consequence}`);
  if (action === 'delete') {
    const request = { method: 'DELETE', path: pathOf`/api/v1/entities/${entityName}` } as const;
    const { jobId } = await call.engine.call(z.object({ jobId: z.string() }), request);
    await followJob(call, jobId);
  } else if (entity !== undefined && action === 'create')
    await call.engine.call(entityViewSchema, { method: 'POST', path: '/api/v1/entities', body: entity });
  else if (entity !== undefined)
    await call.engine.call(entityViewSchema, {
      ...{ method: 'PUT', path: pathOf`/api/v1/entities/${entityName}/indexes` },
      body: { indexes: entity.indexes ?? [] },
    });
}

function planAnswer(found: EntityPlan): Answer {
  const { text } = listAnswer(
    found.steps,
    [
      { heading: 'entity', cell: ({ entityName }) => entityName },
      { heading: 'action', cell: ({ action }) => action },
      { heading: 'possible', cell: ({ isPossible, errorCode }) => (isPossible ? 'yes' : `no (${errorCode})`) },
      { heading: 'differences', cell: ({ differences }) => differences.join(' ') },
      { heading: 'consequence', cell: ({ consequence }) => consequence },
    ],
    'The file describes no entities.',
  );
  const others = found.undescribed.length === 0 ? '' : `Not described by the file: ${found.undescribed.join(', ')}\n`;
  return { value: found, text: text + others };
}

async function exportEntities(call: CliCall): Promise<undefined> {
  const entities = await call.engine.call(z.array(entityViewSchema), { path: '/api/v1/entities' });
  const described = entities.filter(({ activity }) => activity !== 'deleting').map(describedEntity);
  const description = { version: descriptionVersion, entities: described };
  call.answer({ value: description, text: stringify(description) });
}

function describedEntity({ entityName, sourceName, stream, columns, where, indexes }: EntityView): object {
  return {
    ...{ entityName, sourceName },
    ...(stream === 'default' ? {} : { stream }),
    columns,
    ...(where === null ? {} : { where }),
    ...(indexes.length === 0 ? {} : { indexes: indexes.map((index) => ({ columns: index.columns })) }),
  };
}

async function printSchema(call: CliCall): Promise<undefined> {
  const schema = z.toJSONSchema(descriptionSchema, { io: 'input', unrepresentable: 'any' });
  call.answer({ value: schema, text: `${JSON.stringify(schema, null, 2)}\n` });
}
