import { oplogEntryViewSchema, rowsPageSchema } from '@emcachers/core/api-views';
import { type RowExplanation, rowExplanationSchema } from '@emcachers/core/row-explanation';
import type { Command } from 'commander';
import { z } from 'zod';
import { type CliCall, positiveNumber, type RunCommand } from '../cli.ts';
import { pathOf } from '../engine-client.ts';
import { type Answer, listAnswer } from '../output/output.ts';
import { cellText, renderTable } from '../output/table.ts';
import { ticks } from '../pause.ts';
import { actionRequest, noWait, requireYes, submit, yes } from './action-commands.ts';

/** Rows, their explanation, dead letters and oplog entries. */
export function addRowCommands(program: Command, run: RunCommand): void {
  program
    .command('rows')
    .argument('<entity>')
    .description("Read rows from the engine's own cache, in the order of their DocIDs.")
    .option('--id <id>', 'one row, by its _id as people write it')
    .option('--after <docId>', 'rows after this DocID')
    .option('--limit <number>', 'most rows', positiveNumber, 20)
    .action(run(listRows));
  program
    .command('explain-row')
    .argument('<entity>')
    .argument('<id>', 'the _id as people write it: text, a number, an ObjectId, a UUID, or JSON')
    .description('Say why a row is what it is, from the document in MongoDB to the row on each node.')
    .action(run(explainRow));
  const letters = program
    .command('dead-letters')
    .description('List, retry and discard documents that could not be copied.');
  letters
    .command('list')
    .argument('<entity>')
    .description('List the dead letters of an entity.')
    .option('--limit <number>', 'longest list', positiveNumber, 50)
    .action(run(listLetters));
  letters
    .command('retry')
    .argument('<entity>')
    .argument('[docId...]', 'their DocIDs; all without any')
    .description('Read documents again that have a dead letter.')
    .option(...noWait)
    .action(
      run((call, ...[entity, docIds, options]: LetterArguments) =>
        submit(call, actionRequest(entity, 'retry', lettersOf(docIds)), options),
      ),
    );
  letters
    .command('discard')
    .argument('<entity>')
    .argument('[docId...]', 'their DocIDs; all without any')
    .description('Delete dead letters without copying their documents.')
    .option(...yes)
    .option(...noWait)
    .action(
      run((call, ...[entity, docIds, options]: LetterArguments) => {
        requireYes(options.yes, `Discards ${docIds.length === 0 ? 'all' : docIds.length} dead letters of ${entity}.`);
        return submit(call, actionRequest(entity, 'discard', lettersOf(docIds)), options);
      }),
    );
  const oplog = program.command('oplog').description('Read the oplog of an entity.');
  oplog
    .command('tail')
    .argument('<entity>')
    .description('Show the newest entries, oldest first.')
    .option('-f, --follow', 'go on with new entries until interrupted')
    .option('--after <id>', 'entries after this id instead of the newest ones', Number)
    .option('--limit <number>', 'most entries at the beginning', positiveNumber, 20)
    .action(run(tail));
}

type LetterArguments = [
  entity: string,
  docIds: readonly string[],
  options: { readonly wait: boolean; readonly yes?: boolean },
];

function lettersOf(docIds: readonly string[]): object {
  return docIds.length === 0 ? {} : { docIds };
}

interface RowOptions {
  readonly id?: string;
  readonly after?: string;
  readonly limit: number;
}

async function listRows(call: CliCall, entity: string, { id, after, limit }: RowOptions): Promise<undefined> {
  const query = { idText: id, after, limit };
  const page = await call.engine.call(rowsPageSchema, { path: pathOf`/api/v1/entities/${entity}/rows`, query });
  const columns = [
    { heading: 'doc_id', cell: (row: (typeof page.rows)[number]) => row.docId },
    ...page.columns.map((name, index) => ({
      heading: name,
      cell: (row: (typeof page.rows)[number]) => row.cells[index] ?? null,
    })),
  ];
  const more = page.next === null ? '' : `More rows: --after '${cellText(page.next)}'\n`;
  const { text } = listAnswer(page.rows, columns, 'There are no rows.');
  call.answer({ value: page, text: text + more });
}

async function explainRow(call: CliCall, entity: string, idText: string): Promise<undefined> {
  const path = pathOf`/api/v1/entities/${entity}/rows/explain`;
  const explanations = await call.engine.call(z.array(rowExplanationSchema), { path, query: { idText } });
  call.answer({ value: explanations, text: explanations.map(explanationText).join('\n') });
}

function explanationText(row: RowExplanation): string {
  const nodes = renderTable(
    [
      { heading: 'node', cell: ({ nodeId }) => nodeId },
      { heading: 'state', cell: ({ state }) => state },
      { heading: 'offset', cell: ({ offset }) => offset, end: true },
    ],
    row.nodes,
  );
  const letter =
    row.deadLetter === null ? [] : [`Dead letter: ${cellText(row.deadLetter.error)} (${row.deadLetter.errorCode})`];
  const lines = [`${row.docId}: ${row.verdict}`, row.reason, `Next step: ${row.nextStep}`, ...letter];
  return `${lines.join('\n')}\n\n${nodes}`;
}

const lettersSchema = z.array(
  z.looseObject({
    docId: z.string(),
    column: z.string().nullable(),
    errorCode: z.string(),
    error: z.string(),
    attempts: z.number(),
    updatedAt: z.string(),
  }),
);

async function listLetters(call: CliCall, entity: string, { limit }: { limit: number }): Promise<undefined> {
  const path = pathOf`/api/v1/entities/${entity}/dead-letters`;
  const letters = await call.engine.call(lettersSchema, { path, query: { limit } });
  call.answer(
    listAnswer(
      letters,
      [
        { heading: 'doc_id', cell: ({ docId }) => docId },
        { heading: 'code', cell: ({ errorCode }) => errorCode },
        { heading: 'column', cell: ({ column }) => column },
        { heading: 'attempts', cell: ({ attempts }) => attempts, end: true },
        { heading: 'last refused', cell: ({ updatedAt }) => updatedAt },
        { heading: 'error', cell: ({ error }) => error },
      ],
      'There are no dead letters.',
    ),
  );
}

const entriesSchema = z.looseObject({ entries: z.array(oplogEntryViewSchema) });
const batchSchema = z.looseObject({
  entities: z.array(
    z.looseObject({
      entries: z.array(
        z.looseObject({
          id: z.number(),
          operation: z.string(),
          docId: z.string(),
          version: z.number(),
          createdAt: z.string(),
        }),
      ),
    }),
  ),
});
type Entry = z.infer<typeof batchSchema>['entities'][number]['entries'][number];

const followMs = 500;
const batchEntries = 1_000;

interface TailOptions {
  readonly follow?: boolean;
  readonly after?: number;
  readonly limit: number;
}

async function tail(
  call: CliCall,
  entityName: string,
  { follow = false, after, limit }: TailOptions,
): Promise<undefined> {
  const afterId = after ?? (await newestBefore(call, entityName, limit));
  let left = follow ? Number.POSITIVE_INFINITY : limit;
  for await (const entry of entriesAfter(call, { entityName, afterId, follow })) {
    call.answer(entryAnswer(entry));
    left -= 1;
    if (left === 0) return undefined;
  }
  return undefined;
}

interface Place {
  readonly entityName: string;
  readonly afterId: number;
  /** Whether to wait for further entries. */
  readonly follow: boolean;
}

async function* entriesAfter(call: CliCall, { entityName, afterId, follow }: Place): AsyncGenerator<Entry> {
  let place = afterId;
  for await (const _ of ticks(followMs, call.world.signal)) {
    for (let entries = await readEntries(call, entityName, place); entries.length > 0; ) {
      yield* entries;
      place = entries.at(-1)?.id ?? place;
      entries = await readEntries(call, entityName, place);
    }
    if (!follow) return;
  }
}

async function readEntries(call: CliCall, entityName: string, afterId: number): Promise<readonly Entry[]> {
  const body = { entities: [{ entityName, afterId }], limit: batchEntries };
  const batch = await call.engine.call(batchSchema, { method: 'POST', path: '/api/v1/oplog/batch', body });
  return batch.entities[0]?.entries ?? [];
}

/** The place before the newest entries. */
async function newestBefore(call: CliCall, entity: string, limit: number): Promise<number> {
  const path = pathOf`/api/v1/entities/${entity}/oplog`;
  const { entries } = await call.engine.call(entriesSchema, { path, query: { limit } });
  return Math.max(0, (entries.at(-1)?.id ?? 1) - 1);
}

function entryAnswer(entry: Entry): Answer {
  const { id, operation, docId, version, createdAt } = entry;
  return { value: entry, text: `${id}  ${createdAt}  v${version}  ${operation}  ${cellText(docId)}\n` };
}
