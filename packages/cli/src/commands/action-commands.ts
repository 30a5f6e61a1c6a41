import type { Command } from 'commander';
import { z } from 'zod';
import { type CliCall, jsonOption, type RunCommand } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { type EngineRequest, pathOf } from '../engine-client.ts';
import { exitCodes } from '../exit-codes.ts';
import { followJob } from '../follow-job.ts';
import { jobAnswer } from './job-commands.ts';

/** Of commands that start a job. */
export const noWait = ['--no-wait', 'print the job and do not wait for its end'] as const;
/** Of commands whose effect cannot be taken back. */
export const yes = ['--yes', 'confirm what cannot be taken back'] as const;

/** Jobs on an entity. Each waits for the end of its job and fails with it, unless --no-wait is given. */
export function addActionCommands(program: Command, run: RunCommand): void {
  const action = (name: string, description: string): Command =>
    program
      .command(name)
      .argument('<entity>', 'name of the entity')
      .description(description)
      .option(...noWait);
  action('refresh', 'Scan the source again, or read some documents again.')
    .option('--ids <json>', 'only these _ids: a JSON array of Extended JSON', jsonOption)
    .option('--query <json>', 'only the documents of a MongoDB query in Extended JSON', jsonOption)
    .option('--since <time>', 'only documents changed since this time, by --field or by the ObjectId')
    .option('--field <path>', 'date field for --since')
    .option('--allow-large-sweep', 'let the refresh delete more rows than the limit')
    .action(
      run((call, entity: string, options: RefreshOptions) => submit(call, refreshRequest(entity, options), options)),
    );
  const plain: readonly (readonly [name: string, description: string])[] = [
    ['rebuild', 'Build new cache files from the oplog on every node, while the old ones serve.'],
    ['pause', 'Stop applying changes to the caches. The oplog goes on.'],
    ['resume', 'Apply what has waited since the pause.'],
    ['verify', 'Compare the caches of all nodes with the oplog, row by row.'],
    ['repair', 'Write the rows again that a comparison finds wrong.'],
  ];
  for (const [name, description] of plain)
    action(name, description).action(
      run((call, entity: string, options: WaitOptions) => submit(call, actionRequest(entity, name, {}), options)),
    );
  action('erase', 'Remove every trace of documents that MongoDB no longer has.')
    .requiredOption('--ids <json>', 'their _ids: a JSON array of Extended JSON', jsonOption)
    .option(...yes)
    .action(
      run((call, entity: string, options: WaitOptions & { ids: unknown; yes?: boolean }) => {
        requireYes(options.yes, `Erases documents of ${entity} from the oplog and from every cache.`);
        return submit(call, actionRequest(entity, 'erase', { ids: options.ids }), options);
      }),
    );
  action('delete', 'Delete an entity with its oplog and its caches. MongoDB is not changed.')
    .option(...yes)
    .action(
      run((call, entity: string, options: WaitOptions & { yes?: boolean }) => {
        requireYes(options.yes, `Deletes ${entity}, its oplog and its caches on every node.`);
        return submit(call, { method: 'DELETE', path: pathOf`/api/v1/entities/${entity}` }, options);
      }),
    );
}

interface WaitOptions {
  readonly wait: boolean;
}

interface RefreshOptions extends WaitOptions {
  readonly ids?: unknown;
  readonly query?: unknown;
  readonly since?: string;
  readonly field?: string;
  readonly allowLargeSweep?: boolean;
}

const submittedSchema = z.object({ jobId: z.string() });

/** Sends the request of a job and follows it. */
export async function submit(call: CliCall, request: EngineRequest, { wait }: WaitOptions): Promise<undefined> {
  const { jobId } = await call.engine.call(submittedSchema, request);
  if (wait) call.answer(jobAnswer(await followJob(call, jobId)));
  else call.answer({ value: { jobId }, text: `${jobId}\n` });
}

export function actionRequest(entity: string, route: string, body: object): EngineRequest {
  return { method: 'POST', path: pathOf`/api/v1/entities/${entity}/${route}`, body };
}

function refreshRequest(entity: string, { ids, query, since, field, allowLargeSweep }: RefreshOptions): EngineRequest {
  const selections = [ids, query, since].filter((given) => given !== undefined);
  if (selections.length > 1)
    throw new CliError('Give one of --ids, --query and --since.', { exitCode: exitCodes.usage });
  if (selections.length === 0)
    return actionRequest(entity, 'refresh', allowLargeSweep === true ? { allowLargeSweep } : {});
  const bySince = { since, ...(field === undefined ? {} : { field }) };
  const documents = ids !== undefined ? { ids } : query !== undefined ? { query } : bySince;
  return actionRequest(entity, 'refresh-documents', { documents });
}

/** What cannot be taken back needs a word more. */
export function requireYes(isConfirmed: boolean | undefined, consequence: string): void {
  if (isConfirmed === true) return;
  throw new CliError(`${consequence} This cannot be taken back.`, {
    exitCode: exitCodes.usage,
    hint: 'Repeat the command with --yes.',
  });
}
