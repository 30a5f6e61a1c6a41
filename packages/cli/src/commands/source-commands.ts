import { sampleViewSchema, sourceCollectionViewSchema } from '@emcachers/core/api-views';
import type { Command } from 'commander';
import { z } from 'zod';
import type { CliCall, RunCommand } from '../cli.ts';
import { pathOf } from '../engine-client.ts';
import { listAnswer } from '../output/output.ts';
import { countText } from '../output/words.ts';

/** What MongoDB has. */
export function addSourceCommands(program: Command, run: RunCommand): void {
  const sources = program.command('sources').description('List the collections of MongoDB, and sample their fields.');
  sources.command('list', { isDefault: true }).description('List the collections.').action(run(list));
  sources
    .command('sample')
    .argument('<source>', 'database.collection')
    .description('List the fields of a sample, with their types.')
    .action(run(sample));
}

async function list(call: CliCall): Promise<undefined> {
  const sources = await call.engine.call(z.array(sourceCollectionViewSchema), { path: '/api/v1/sources' });
  call.answer(
    listAnswer(
      sources,
      [
        { heading: 'source', cell: ({ sourceName }) => sourceName },
        { heading: 'documents', cell: ({ estimatedDocuments }) => countText(estimatedDocuments), end: true },
        { heading: 'entities', cell: ({ entities }) => entities.join(',') },
      ],
      'There are no collections.',
    ),
  );
}

async function sample(call: CliCall, source: string): Promise<undefined> {
  const view = await call.engine.call(sampleViewSchema, { path: pathOf`/api/v1/sources/${source}/sample` });
  const { text } = listAnswer(
    view.paths,
    [
      { heading: 'path', cell: ({ path }) => path },
      { heading: 'in', cell: ({ presence }) => `${Math.round(presence * 100)} %`, end: true },
      { heading: 'types', cell: ({ types }) => types.map(({ type }) => type).join(',') },
      { heading: 'suggested', cell: ({ suggestedType }) => suggestedType },
      { heading: 'example', cell: ({ example }) => example },
    ],
    'The sample has no fields.',
  );
  call.answer({ value: view, text: `${countText(view.sampled)} documents sampled.\n${text}` });
}
