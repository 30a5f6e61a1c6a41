import { actionViewSchema } from '@emcachers/core/action-view';
import { z } from 'zod';
import type { JobKind } from '../../control/job/job-kind.ts';
import { type JobKindName, jobKinds } from '../../control/job/job-kinds.ts';
import { jobStarted, namedEntity, noInput } from '../inputs.ts';
import { type Mutation, mutation, query, type RestRoute } from '../operation.ts';
import { actionViews, kindNames } from './action-views.ts';

const tag = 'entities';

type InputFields<Kind> = Kind extends { readonly input: infer Input extends z.ZodRawShape } ? Input : never;
type ActionInput<Name extends JobKindName> = z.ZodObject<
  (typeof namedEntity)['shape'] & InputFields<(typeof jobKinds)[Name]>,
  z.core.$strict
>;
type ActionOperation<Input extends z.ZodObject> = Mutation<Input, typeof jobStarted> & {
  readonly needsConfirmation: boolean;
};
type ActionOperations = { readonly [Name in JobKindName]: ActionOperation<ActionInput<Name>> };

/** One operation for each job kind. */
const jobKindOperations = Object.fromEntries(
  kindNames.map((name) => [name, actionOperation(name, jobKinds[name])]),
) as unknown as ActionOperations;

export const actionOperations = {
  ...jobKindOperations,
  actions: query({
    input: noInput,
    output: z.array(actionViewSchema.extend({ kind: z.enum(kindNames) })),
    errors: [],
    rest: {
      method: 'GET',
      path: '/api/v1/actions',
      operationId: 'listActions',
      tag,
      summary: 'List the jobs that this engine supports, with their console texts.',
      status: 200,
    },
    handle: async () => actionViews,
  }),
};

function actionOperation(name: JobKindName, kind: JobKind): ActionOperation<z.ZodObject> {
  const row = mutation({
    input: namedEntity.extend(kind.input),
    output: jobStarted,
    audit: kind.audit,
    // While the first job is queued or running, a second request returns its id.
    repetition: 'same',
    errors: ['EMC-5002', ...(kind.isFinal ? [] : (['EMC-5004'] as const)), ...(kind.errors ?? [])],
    rest: routeOf(name, kind),
    handle: ({ input, services, asker }) => {
      const { entityName, ...rest } = input;
      return services.jobs.submit({ kind: name, entityName: String(entityName), input: rest }, asker);
    },
  });
  return { ...row, needsConfirmation: kind.action.confirmation === 'typed-name' };
}

function routeOf(name: JobKindName, { isFinal, summary }: JobKind): RestRoute {
  const entity = '/api/v1/entities/{entityName}';
  const words = { operationId: `${name}Entity`, tag, summary, status: 202 } as const;
  return isFinal
    ? { method: 'DELETE', path: entity, ...words }
    : {
        method: 'POST',
        path: `${entity}/${routeNameOf(name)}`,
        ...words,
      };
}

/** The last segment of a kind's REST path: `refreshDocuments` is `refresh-documents`, unless the kind has one of its own. */
export function routeNameOf(name: JobKindName): string {
  const { routeName }: JobKind = jobKinds[name];
  if (routeName !== undefined) return routeName;
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
