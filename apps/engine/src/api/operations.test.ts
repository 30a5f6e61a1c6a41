import { actionFacts } from '@emcachers/core/action-view';
import type { AnyTRPCProcedure } from '@trpc/server';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { jobKinds } from '../control/job/job-kinds.ts';
import { openApiDocument } from './openapi.ts';
import { operationRows } from './operations.ts';
import { registerRest } from './rest.ts';
import { appRouter } from './router.ts';

/** The only subscription. It is not a call, so it is not in the table. */
const subscription = 'live.stream';
/** Routes outside the table: the OpenAPI document and the reference page. */
const descriptions = ['GET /api/v1/openapi.json', 'GET /api/docs'];

const callOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const calls = operationRows.map(({ operation }) => callOf(operation.rest)).sort();

test('every row has a REST route, and every REST route has a row', async () => {
  const app = fastify();
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'HEAD') routes.push(callOf({ method: String(method), path: url.replaceAll(/:(\w+)/g, '{$1}') }));
  });
  registerRest(app, {
    contextOf() {
      throw new Error('No call is made.');
    },
  });
  await app.ready();
  expect(routes.sort()).toEqual([...calls, ...descriptions].sort());
});

test('every row has a tRPC procedure of its kind, and every procedure has a row', () => {
  // Typed as nested; at run time the paths are flat.
  const flat = appRouter._def.procedures as unknown as Readonly<Record<string, AnyTRPCProcedure>>;
  const procedures = Object.entries(flat).map(([name, { _def }]) => `${_def.type} ${name}`);
  const rows = operationRows.map(({ name, operation }) => `${operation.kind} ${name}`);
  expect(procedures.sort()).toEqual([...rows, `subscription ${subscription}`].sort());
});

test('every row has an OpenAPI operation, and every operation has a row', () => {
  const { paths } = openApiDocument(operationRows) as { paths: Record<string, Record<string, unknown>> };
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => callOf({ method: method.toUpperCase(), path })),
  );
  expect(described.sort()).toEqual(calls);
});

test('every path parameter is a field of the input', () => {
  for (const { operation } of operationRows) {
    const inPath = [...operation.rest.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(operation.input.shape)).toEqual(expect.arrayContaining(inPath));
  }
});

test.each(Object.entries(jobKinds))(
  'job kind %s is a mutation with the same name and the REST route of a job kind',
  (name, kind) => {
    const row = operationRows.find((each) => each.name === `entities.${name}`)?.operation;
    const entity = '/api/v1/entities/{entityName}';
    const routeName = { refreshDocuments: 'refresh-documents', snapshot: 'snapshots' }[name] ?? name;
    expect(row?.kind).toBe('mutation');
    expect(row?.rest.status).toBe(202);
    expect(callOf(row?.rest ?? { method: '', path: '' })).toBe(
      kind.isFinal ? `DELETE ${entity}` : `POST ${entity}/${routeName}`,
    );
  },
);

test.each(Object.entries(jobKinds).filter(([, { action }]) => action !== null))(
  'the texts of %s use only placeholders that the console knows, and its options are flags in its input',
  (_name, { action, input }) => {
    const texts = [action?.question ?? '', ...(action?.consequences ?? []).map(({ text }) => text)];
    const named = texts.flatMap((text) => [...text.matchAll(/\{(\w*)\}/g)].map(([, fact]) => fact));
    expect(actionFacts).toEqual(expect.arrayContaining(named));
    for (const { name } of action?.options ?? [])
      expect(z.object(input).safeParse({ [name]: true }).data).toHaveProperty(name, true);
  },
);

test('the console gets exactly the actions that this engine supports', async () => {
  const row = operationRows.find(({ name }) => name === 'entities.actions')?.operation;
  const answered = row?.output.safeParse(
    await row.handle({ input: {}, services: Object.create(null), asker: { actor: 'api', correlationId: null } }),
  );
  const kinds = z
    .array(z.object({ kind: z.string() }))
    .parse(answered?.data)
    .map(({ kind }) => kind);
  expect(kinds).toEqual(Object.keys(jobKinds));
  expect(kinds).toEqual(expect.arrayContaining(['refresh', 'verify', 'repair']));
});
