import { type EntityView, entityViewSchema } from '@emcachers/core/api-views';
import { newEntitySchema } from '@emcachers/core/new-entity';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CliCall, RunCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { pathOf } from '../engine-client.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Answer, listAnswer } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { durationText } from '../output/words.ts';
import { ticks } from '../pause.ts';
import { readInput } from '../read-input.ts';
import { entityColumns } from './entity-columns.ts';

/** Lists, shows and creates entities. What takes longer is in `action-commands.ts`. */
export function addEntityCommands(program: Command, run: RunCommand): void {
  const entities = program.command('entities').description('List, show and create entities.');
  entities.command('list', { isDefault: true }).description('List the entities.').action(run(list));
  entities.command('get').argument('<entity>').description('Show one entity.').action(run(get));
  entities
    .command('create')
    .description('Create an entity from a YAML or JSON file and wait until its cache is published.')
    .requiredOption('-f, --file <file>', 'description of the entity; - is standard input')
    .option('--no-wait', 'do not wait for the cache')
    .action(run(create));
  entities
    .command('set-indexes')
    .argument('<entity>')
    .argument('[index...]', 'columns of an index, separated by commas; without any, all indexes are dropped')
    .description('Set the indexes of the cache files. Nodes build and drop them without a scan.')
    .action(run(setIndexes));
}

async function list(call: CliCall): Promise<undefined> {
  const entities = await call.engine.call(z.array(entityViewSchema), { path: '/api/v1/entities' });
  call.answer(listAnswer(entities, entityColumns, 'There are no entities.'));
}

async function get(call: CliCall, entityName: string): Promise<undefined> {
  call.answer(entityAnswer(await readEntity(call, entityName)));
}

async function create(call: CliCall, { file, wait }: { file: string; wait: boolean }): Promise<undefined> {
  const body = checkedEntity(readInput(file));
  const request = { method: 'POST', path: '/api/v1/entities', body } as const;
  const created = await call.engine.call(entityViewSchema, request);
  call.note(`Created ${created.entityName}.`);
  call.answer(entityAnswer(wait ? await untilPublished(call, created.entityName) : created));
}

async function setIndexes(call: CliCall, entityName: string, indexes: readonly string[]): Promise<undefined> {
  const body = { indexes: indexes.map((index) => ({ columns: index.split(',').map((name) => name.trim()) })) };
  const path = pathOf`/api/v1/entities/${entityName}/indexes`;
  call.answer(entityAnswer(await call.engine.call(entityViewSchema, { method: 'PUT', path, body })));
}

/** The description of one entity. Throws with the invalid fields. */
function checkedEntity(value: unknown): unknown {
  const result = newEntitySchema.safeParse(value);
  // The engine gets what was written: it knows more than this schema.
  if (result.success) return value;
  throw new CliError('The description of the entity is not valid.', {
    exitCode: exitCodes.usage,
    code: 'EMC-5001',
    fields: result.error.issues.map(({ path, message }) => `${path.join('.') || 'file'}: ${message}`),
  });
}

export function readEntity(call: CliCall, entityName: string): Promise<EntityView> {
  return call.engine.call(entityViewSchema, { path: pathOf`/api/v1/entities/${entityName}` });
}

const pollMs = 300;

/** Waits for the first cache. Throws if the entity fails; an interruption changes nothing. */
export async function untilPublished(call: CliCall, entityName: string): Promise<EntityView> {
  let noted = '';
  for await (const _ of ticks(pollMs, call.world.signal)) {
    const entity = await readEntity(call, entityName);
    if (isPublished(entity)) return entity;
    const text = `${entityName}: ${entity.activity}, ${entity.scan.scanned} documents scanned`;
    if (text !== noted) call.note(text);
    noted = text;
  }
  throw new CliError('Interrupted. The scan goes on.', { exitCode: exitCodes.interrupted });
}

function isPublished({ entityName, activity, reason, lagEntries, nodes }: EntityView): boolean {
  if (activity === 'failed')
    throw new CliError(`${entityName} has failed: ${reason ?? 'the engine gave no reason'}`, {
      exitCode: exitCodes.jobFailed,
    });
  return activity === 'live' && lagEntries === 0 && nodes.length > 0;
}

function entityAnswer(entity: EntityView): Answer {
  const { columns, nodes, warnings } = entity;
  const parts = [
    renderTable(entityColumns, [entity]),
    renderTable(
      [
        { heading: 'column', cell: ({ name }) => name },
        { heading: 'type', cell: ({ type }) => type },
        { heading: 'path', cell: ({ path }) => path },
        { heading: 'mask', cell: ({ mask }) => mask?.kind ?? null },
      ],
      columns,
    ),
    ...(nodes.length === 0 ? [] : [nodesTable(nodes)]),
    ...(entity.cachePath === null ? [] : [`Cache of this node: ${entity.cachePath}\n`]),
    ...(warnings.length === 0 ? [] : [`${warnings.map((warning) => `Warning: ${warning}`).join('\n')}\n`]),
  ];
  return { value: entity, text: parts.join('\n') };
}

function nodesTable(nodes: EntityView['nodes']): string {
  return renderTable(
    [
      { heading: 'node', cell: ({ nodeId }) => nodeId },
      { heading: 'health', cell: ({ health }) => health },
      { heading: 'rows', cell: ({ documents }) => documents, end: true },
      { heading: 'offset', cell: ({ offset }) => offset, end: true },
      { heading: 'waiting', cell: ({ lagEntries }) => lagEntries, end: true },
      { heading: 'lag', cell: ({ lagMs }) => durationText(lagMs), end: true },
      { heading: 'error', cell: ({ errorCode }) => errorCode },
    ],
    nodes,
  );
}
