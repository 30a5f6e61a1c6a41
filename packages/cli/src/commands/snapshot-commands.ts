import type { Command } from 'commander';
import { z } from 'zod';
import type { CliCall, RunCommand } from '../cli.ts';
import { pathOf } from '../engine-client.ts';
import { listAnswer } from '../output/output.ts';
import { countText } from '../output/words.ts';
import { actionRequest, noWait, submit } from './action-commands.ts';

/** Copies of a cache in one file, from which other nodes can start. */
export function addSnapshotCommands(program: Command, run: RunCommand): void {
  const snapshots = program.command('snapshots').description('Make, list and delete snapshots of a cache.');
  snapshots
    .command('create')
    .argument('<entity>')
    .description('Copy the published cache into a snapshot, on every node or on one.')
    .option('--node <node>', 'on this node only')
    .option(...noWait)
    .action(
      run((call, entity: string, { node, wait }: { node?: string; wait: boolean }) =>
        submit(call, actionRequest(entity, 'snapshots', node === undefined ? {} : { nodeId: node }), { wait }),
      ),
    );
  snapshots.command('list').argument('<entity>').description('List the snapshots of all nodes.').action(run(list));
  snapshots
    .command('delete')
    .argument('<entity>')
    .argument('<snapshot>', 'id of the snapshot')
    .description('Delete a snapshot, or stop making it.')
    .action(run(remove));
}

const snapshotsSchema = z.array(
  z.looseObject({
    snapshotId: z.string(),
    nodeId: z.string(),
    state: z.string(),
    bytes: z.number().nullable(),
    path: z.string().nullable(),
    errorCode: z.string().nullable(),
  }),
);

async function list(call: CliCall, entity: string): Promise<undefined> {
  const snapshots = await call.engine.call(snapshotsSchema, { path: pathOf`/api/v1/entities/${entity}/snapshots` });
  call.answer(
    listAnswer(
      snapshots,
      [
        { heading: 'snapshot', cell: ({ snapshotId }) => snapshotId },
        { heading: 'node', cell: ({ nodeId }) => nodeId },
        { heading: 'state', cell: ({ state }) => state },
        { heading: 'bytes', cell: ({ bytes }) => countText(bytes), end: true },
        { heading: 'code', cell: ({ errorCode }) => errorCode },
        { heading: 'file', cell: ({ path }) => path },
      ],
      'There are no snapshots.',
    ),
  );
}

async function remove(call: CliCall, ...[entity, snapshot]: [entity: string, snapshot: string]): Promise<undefined> {
  const path = pathOf`/api/v1/entities/${entity}/snapshots/${snapshot}`;
  const { found } = await call.engine.call(z.looseObject({ found: z.boolean() }), { method: 'DELETE', path });
  call.note(found ? `Deleting snapshot ${snapshot}.` : `There was no snapshot ${snapshot}.`);
}
