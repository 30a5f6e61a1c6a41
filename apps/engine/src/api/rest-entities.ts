import { entityViewSchema, oplogEntryViewSchema, rowsPageSchema } from '@emcachers/core/api-views';
import { shapeSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { type RestRoute, restRoute } from './rest-route.ts';

/** Any text: a name that no entity can have is not found, rather than wrong. */
const named = z.object({ entityName: z.string().min(1).max(200) });
const pageLimit = z.coerce.number().int().min(1).max(500).default(50);
const jobStarted = z.object({ jobId: z.uuid() });
const tag = 'entities';

const actions = [
  ['refresh', 'Scan the source again under a new version; caches keep serving meanwhile.'],
  ['rebuild', 'Make the cache files again from the oplog, beside the ones in use.'],
  ['pause', 'Stop applying changes; caches keep their rows and grow older.'],
  ['resume', 'Go on applying changes where the pause began.'],
  ['verify', 'Compare the caches with the source.'],
  ['repair', 'Correct the rows that a verification found different.'],
] as const;

const actionRoutes: RestRoute[] = actions.map(([kind, summary]) =>
  restRoute({
    method: 'POST',
    path: `/api/v1/entities/{entityName}/${kind}`,
    operationId: `${kind}Entity`,
    tag,
    summary,
    params: named,
    body: z.strictObject(kind === 'refresh' ? { allowLargeSweep: z.boolean().default(false) } : {}),
    status: 202,
    output: jobStarted,
    errors: ['EMC-5002', 'EMC-5004', ...(kind === 'verify' || kind === 'repair' ? ['EMC-5007'] : [])],
    answer: ({ params, body, services }) =>
      services.jobs.submit({
        kind,
        entityName: params.entityName,
        allowLargeSweep: body['allowLargeSweep'] === true,
      }),
  }),
);

export const entityRoutes: readonly RestRoute[] = [
  restRoute({
    method: 'GET',
    path: '/api/v1/entities',
    operationId: 'listEntities',
    tag,
    summary: 'All entities with their state, offsets and lag.',
    status: 200,
    output: z.array(entityViewSchema),
    answer: ({ services }) => services.entities.list(),
  }),
  restRoute({
    method: 'POST',
    path: '/api/v1/entities',
    operationId: 'createEntity',
    tag,
    summary:
      'Define an entity; its scan starts by itself. An Idempotency-Key makes a repetition answer as the first call did.',
    body: shapeSchema,
    status: 201,
    output: entityViewSchema,
    errors: ['EMC-5003', 'EMC-5010'],
    async answer({ body, services, reply, request }) {
      const key = request.headers['idempotency-key'];
      const entity = await services.idempotency.once(
        { key: typeof key === 'string' ? key : null, route: 'createEntity', body },
        () => services.entities.create(body),
      );
      reply.header('location', `/api/v1/entities/${encodeURIComponent(body.entityName)}`);
      return entity;
    },
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/entities/{entityName}',
    operationId: 'getEntity',
    tag,
    summary: 'One entity.',
    params: named,
    status: 200,
    output: entityViewSchema,
    errors: ['EMC-5002'],
    answer: ({ params, services }) => services.entities.get(params.entityName),
  }),
  ...actionRoutes,
  restRoute({
    method: 'DELETE',
    path: '/api/v1/entities/{entityName}',
    operationId: 'deleteEntity',
    tag,
    summary: 'Delete the entity with its oplog and its cache files on every node. The source is not touched.',
    params: named,
    status: 202,
    output: jobStarted,
    errors: ['EMC-5002'],
    answer: ({ params, services }) => services.jobs.submit({ kind: 'delete', entityName: params.entityName }),
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/entities/{entityName}/rows',
    operationId: 'listRows',
    tag,
    summary: "A page of this node's cache, in the order of doc_id.",
    params: named,
    query: z.object({ after: z.string().optional(), docId: z.string().optional(), limit: pageLimit }),
    status: 200,
    output: rowsPageSchema,
    errors: ['EMC-5002'],
    answer: ({ params, query, services }) => services.rowsReader.rows({ ...params, ...query }),
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/entities/{entityName}/oplog',
    operationId: 'listOplogEntries',
    tag,
    summary: 'Oplog entries of an entity, newest first.',
    params: named,
    query: z.object({ before: z.coerce.number().int().optional(), limit: pageLimit }),
    status: 200,
    output: z.object({ entries: z.array(oplogEntryViewSchema), next: z.number().int().nullable() }),
    errors: ['EMC-5002'],
    answer: ({ params, query, services }) => services.oplogReader.entries({ ...params, ...query }),
  }),
];
