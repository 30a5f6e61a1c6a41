import { type FleetView, fleetViewSchema } from '@emcachers/core/api-views';
import type { Command } from 'commander';
import { z } from 'zod';
import { type CliCall, positiveNumber, type RunCommand } from '../cli.ts';
import { pathOf } from '../engine-client.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Answer, listAnswer } from '../output/output.ts';
import { type Column, renderTable } from '../output/table.ts';
import { ticks } from '../pause.ts';
import { entityColumns } from './entity-columns.ts';

/** The fleet as a whole: its status, nodes, incidents and audit. */
export function addFleetCommands(program: Command, run: RunCommand): void {
  program
    .command('status')
    .description('Show whether the caches are right and fresh, and what needs attention.')
    .option('-w, --watch', 'show it again every --interval seconds until interrupted')
    .option('--interval <seconds>', 'time between two views', positiveNumber, 2)
    .option('--check', `exit with ${exitCodes.unhealthy} unless the health is ok`)
    .action(run(status));
  const nodes = program.command('nodes').description('List and forget engine processes.');
  nodes.command('list', { isDefault: true }).description('List the nodes.').action(run(listNodes));
  nodes
    .command('forget')
    .argument('<node>', 'name of the node')
    .description('Forget a node that is gone for good. It registers again if it comes back.')
    .action(run(forgetNode));
  const incidents = program.command('incidents').description('List and acknowledge what went wrong.');
  incidents
    .command('list', { isDefault: true })
    .description('List incidents, newest first, with the next step.')
    .option('--state <state>', 'open or closed')
    .option('--entity <name>', 'of one entity')
    .option('--limit <number>', 'longest list', positiveNumber, 50)
    .action(run(listIncidents));
  incidents
    .command('acknowledge')
    .argument('<incident>', 'id of the incident')
    .description('Say that you know of an incident. It stays open until its cause is gone.')
    .action(run(acknowledge));
  program
    .command('audit')
    .description('List what operators and the engine have done, newest first.')
    .option('--entity <name>', 'of one entity')
    .option('--action <action>', 'of one action')
    .option('--limit <number>', 'longest list', positiveNumber, 50)
    .action(run(listAudit));
}

interface StatusOptions {
  readonly watch?: boolean;
  readonly interval: number;
  readonly check?: boolean;
}

async function status(call: CliCall, { watch = false, interval, check = false }: StatusOptions): Promise<ExitCode> {
  const { stdout, signal } = call.world;
  let health: FleetView['health'] = 'unknown';
  for await (const _ of ticks(interval * 1_000, signal)) {
    const fleet = await call.engine.call(fleetViewSchema, { path: '/api/v1/fleet' });
    health = fleet.health;
    if (watch && stdout.isTTY === true && call.format === 'table') stdout.write(clearScreen);
    call.answer(statusAnswer(fleet));
    if (!watch) break;
  }
  return check && health !== 'ok' ? exitCodes.unhealthy : exitCodes.success;
}

/** Moves to the upper left corner and clears what is below, without losing what was printed before. */
const clearScreen = '\u001b[H\u001b[J';

function statusAnswer(fleet: FleetView): Answer {
  const { health, sentence, detail, stages, entities, at } = fleet;
  const flow = renderTable(
    [
      { heading: 'stage', cell: ({ stage }) => stage },
      { heading: 'health', cell: (stage) => stage.health },
      { heading: 'evidence', cell: ({ evidence }) => evidence },
    ],
    stages,
  );
  const list = entities.length === 0 ? 'There are no entities.\n' : renderTable(entityColumns, entities);
  return { value: fleet, text: `${health.toUpperCase()}  ${sentence}\n${detail}\nAs of ${at}\n\n${flow}\n${list}` };
}

async function listNodes(call: CliCall): Promise<undefined> {
  const { nodes } = await call.engine.call(fleetViewSchema, { path: '/api/v1/fleet' });
  call.answer(
    listAnswer(
      nodes,
      [
        { heading: 'node', cell: ({ nodeId }) => nodeId },
        { heading: 'health', cell: ({ health }) => health },
        { heading: 'leads', cell: ({ isLeader }) => (isLeader ? 'yes' : null) },
        { heading: 'roles', cell: ({ roles }) => roles.join(',') },
        { heading: 'started', cell: ({ startedAt }) => startedAt },
        { heading: 'heartbeat', cell: ({ heartbeatAt }) => heartbeatAt },
        { heading: 'left', cell: ({ leftAt }) => leftAt },
      ],
      'There are no nodes.',
    ),
  );
}

async function forgetNode(call: CliCall, nodeId: string): Promise<undefined> {
  await call.engine.call(z.unknown(), { method: 'DELETE', path: pathOf`/api/v1/nodes/${nodeId}` });
  call.note(`Forgot node ${nodeId}.`);
}

const incidentSchema = z.looseObject({
  id: z.number(),
  subject: z.looseObject({ kind: z.string(), name: z.string().nullable() }),
  errorCode: z.string(),
  detail: z.string(),
  openedAt: z.string(),
  closedAt: z.string().nullable(),
  acknowledgedAt: z.string().nullable(),
  entityCount: z.number(),
  nextStep: z.string().nullable(),
});
const incidentsSchema = z.looseObject({ entries: z.array(incidentSchema) });
type Incident = z.infer<typeof incidentSchema>;

const incidentColumns: readonly Column<Incident>[] = [
  { heading: 'id', cell: ({ id }) => id, end: true },
  { heading: 'opened', cell: ({ openedAt }) => openedAt },
  { heading: 'closed', cell: ({ closedAt }) => closedAt },
  { heading: 'known', cell: ({ acknowledgedAt }) => (acknowledgedAt === null ? 'no' : 'yes') },
  { heading: 'code', cell: ({ errorCode }) => errorCode },
  { heading: 'subject', cell: ({ subject: { kind, name } }) => (name === null ? kind : `${kind} ${name}`) },
  { heading: 'entities', cell: ({ entityCount }) => entityCount, end: true },
  { heading: 'what', cell: ({ detail }) => detail },
  { heading: 'next step', cell: ({ nextStep }) => nextStep },
];

interface IncidentOptions {
  readonly state?: string;
  readonly entity?: string;
  readonly limit: number;
}

async function listIncidents(call: CliCall, { state, entity, limit }: IncidentOptions): Promise<undefined> {
  const query = { state, entityName: entity, limit };
  const { entries } = await call.engine.call(incidentsSchema, { path: '/api/v1/incidents', query });
  call.answer(listAnswer(entries, incidentColumns, 'There are no incidents.'));
}

async function acknowledge(call: CliCall, id: string): Promise<undefined> {
  const request = { method: 'POST', path: pathOf`/api/v1/incidents/${id}/acknowledge` } as const;
  await call.engine.call(z.unknown(), request);
  call.note(`Acknowledged incident ${id}.`);
}

const auditSchema = z.looseObject({
  entries: z.array(
    z.looseObject({
      at: z.string(),
      actor: z.string(),
      action: z.string(),
      entityName: z.string().nullable(),
      correlationId: z.string().nullable(),
    }),
  ),
});

interface AuditOptions {
  readonly entity?: string;
  readonly action?: string;
  readonly limit: number;
}

async function listAudit(call: CliCall, { entity, action, limit }: AuditOptions): Promise<undefined> {
  const query = { entityName: entity, action, limit };
  const { entries } = await call.engine.call(auditSchema, { path: '/api/v1/audit', query });
  call.answer(
    listAnswer(
      entries,
      [
        { heading: 'at', cell: ({ at }) => at },
        { heading: 'actor', cell: ({ actor }) => actor },
        { heading: 'action', cell: (entry) => entry.action },
        { heading: 'entity', cell: ({ entityName }) => entityName },
        { heading: 'correlation id', cell: ({ correlationId }) => correlationId },
      ],
      'The audit has no entries.',
    ),
  );
}
