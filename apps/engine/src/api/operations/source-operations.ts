import { previewViewSchema, sampleViewSchema, sourceCollectionViewSchema } from '@emcachers/core/api-views';
import { shapeSchema, sourceNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { noInput } from '../inputs.ts';
import { query } from '../operation.ts';

const tag = 'sources';

export const sourceOperations = {
  list: query({
    input: noInput,
    output: z.array(sourceCollectionViewSchema),
    errors: ['EMC-2001'],
    rest: {
      method: 'GET',
      path: '/api/v1/sources',
      operationId: 'listSources',
      tag,
      summary: 'List the collections with the entities that already copy them.',
      status: 200,
    },
    handle: ({ services }) => services.sources.list(),
  }),
  sample: query({
    input: z.strictObject({ sourceName: sourceNameSchema }),
    output: sampleViewSchema,
    errors: ['EMC-2001', 'EMC-2007'],
    rest: {
      method: 'GET',
      path: '/api/v1/sources/{sourceName}/sample',
      operationId: 'sampleSource',
      tag,
      summary: 'List the paths in a sample of the collection, with their types.',
      status: 200,
    },
    handle: ({ input, services }) => services.sources.sample(input.sourceName),
  }),
  preview: query({
    input: shapeSchema,
    output: previewViewSchema,
    errors: ['EMC-2001', 'EMC-2007', 'EMC-2010', 'EMC-2020'],
    rest: {
      method: 'POST',
      path: '/api/v1/sources/preview',
      operationId: 'previewShape',
      tag,
      summary: 'Project a few sampled documents with a shape. Nothing is stored.',
      status: 200,
    },
    handle: ({ input, services }) => services.sources.preview(input),
  }),
};
