import { oplogEntryViewSchema, rowsPageSchema } from '@emcachers/core/api-views';
import { rowExplanationSchema } from '@emcachers/core/row-explanation';
import { z } from 'zod';
import { deadLetterViewSchema } from '../../control/browse/dead-letter-view.ts';
import { namedEntity, pageLimit } from '../inputs.ts';
import { query } from '../operation.ts';

const tag = 'entities';
/** Longer ids are known by their DocID, which is a hash. */
const idTextCharsMax = 2_000;

/** Reads the rows, oplog entries and dead letters of one entity, in pages. */
export const browseOperations = {
  rows: query({
    input: namedEntity.extend({
      after: z.string().optional(),
      docId: z.string().optional(),
      idText: z.string().max(idTextCharsMax).optional(),
      limit: pageLimit,
    }),
    output: rowsPageSchema,
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}/rows',
      operationId: 'listRows',
      tag,
      summary:
        "Read a page of rows from this node's cache, in doc_id order; or one row by docId, or by idText, an _id as people write it.",
      status: 200,
    },
    handle: ({ input, services }) => services.rowsReader.rows(input),
  }),
  explainRow: query({
    input: namedEntity.extend({ idText: z.string().min(1).max(idTextCharsMax) }),
    output: z.array(rowExplanationSchema),
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}/rows/explain',
      operationId: 'explainRow',
      tag,
      summary:
        'Say why a row is what it is: the document in MongoDB, its oplog entries and dead letter, the row on each node, a verdict and the action that mends it. One answer for each document that idText may mean.',
      status: 200,
    },
    handle: ({ input, services }) => services.rowExplainer.explain(input),
  }),
  oplog: query({
    input: namedEntity.extend({ before: z.coerce.number<number>().int().optional(), limit: pageLimit }),
    output: z.object({ entries: z.array(oplogEntryViewSchema), next: z.number().int().nullable() }),
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}/oplog',
      operationId: 'listOplogEntries',
      tag,
      summary: 'List oplog entries of an entity, newest first.',
      status: 200,
    },
    handle: ({ input, services }) => services.oplogBrowser.entries(input),
  }),
  deadLetters: query({
    input: namedEntity.extend({ limit: pageLimit }),
    output: z.array(deadLetterViewSchema),
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}/dead-letters',
      operationId: 'listDeadLetters',
      tag,
      summary: 'List documents of an entity that could not be projected, with the reason.',
      status: 200,
    },
    handle: ({ input, services }) => services.oplogBrowser.deadLetters(input),
  }),
};
