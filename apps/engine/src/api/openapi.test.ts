import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { operationRows } from './operations.ts';

const document = JSON.parse(JSON.stringify(openApiDocument(operationRows))) as {
  paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, unknown> };
};

test('every path parameter is described, and every operation has a unique id', () => {
  const names: string[] = [];
  for (const [path, operations] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const operation of Object.values(operations)) {
      names.push(operation.operationId);
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(described.map(({ name }) => name)).toEqual(inPath);
    }
  }
  expect(new Set(names).size).toBe(names.length);
});

test('every reference points to an existing schema', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(0);
  for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name ?? '');
});

test('every mutation, and no query, takes an Idempotency-Key', () => {
  for (const { operation } of operationRows) {
    const { path, method } = operation.rest;
    const described = document.paths[path]?.[method.toLowerCase()]?.parameters ?? [];
    expect(described.some(({ name }) => name === 'Idempotency-Key')).toBe(operation.kind === 'mutation');
  }
});
