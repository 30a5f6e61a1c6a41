import { describe, expect, test } from 'vitest';
import { readUnifiedFile } from './find-unified-files.ts';
import { schemaViolation } from './json-schema.ts';

const none = new Map<string, Record<string, unknown>>();
const minimal = { description: 'file', schemaVersion: '1.0', tests: [{ description: 'test', operations: [] }] };

function kindOf(content: unknown, schemas = none): string {
  return readUnifiedFile('folder/file.json', JSON.stringify(content), schemas).kind;
}

describe('a file of the unified test format', () => {
  test('is read', () => {
    expect(kindOf(minimal)).toBe('unified');
  });

  test('of another version than the runner knows is refused', () => {
    for (const schemaVersion of ['0.1', '1.99', '2.0', 'x', 1]) {
      expect(kindOf({ ...minimal, schemaVersion }), String(schemaVersion)).toBe('refused');
    }
  });

  test('with a key that the runner would drop is refused', () => {
    expect(kindOf({ ...minimal, cleanUp: [] })).toBe('refused');
    expect(kindOf({ ...minimal, tests: [{ ...minimal.tests[0], cleanUp: [] }] })).toBe('refused');
  });

  test('that breaks the schema of its version is refused', () => {
    const schemas = new Map([
      ['1.0', { properties: { tests: { type: 'array', minItems: 2 } } }],
      ['latest', {}],
    ]);
    expect(kindOf(minimal, schemas)).toBe('refused');
    expect(kindOf({ ...minimal, schemaVersion: '1.3.1' }, schemas)).toBe('unified');
  });

  test('that is not JSON or not extended JSON is refused', () => {
    expect(readUnifiedFile('file.json', '{', none).kind).toBe('refused');
    expect(kindOf({ ...minimal, initialData: [{ documents: [{ _id: { $oid: 'short' } }] }] })).toBe('refused');
  });

  test('is told apart from other JSON', () => {
    expect(kindOf({ tests: [] })).toBe('other');
    expect(kindOf([])).toBe('other');
  });
});

describe('a schema', () => {
  test.for<[Record<string, unknown>, unknown, boolean]>([
    [{ type: 'object' }, [], false],
    [{ type: ['string', 'null'] }, null, true],
    [{ type: 'integer' }, 1.5, false],
    [{ const: true }, false, false],
    [{ enum: ['a', { b: 1 }] }, { b: 1 }, true],
    [{ pattern: '^a+$' }, 'ab', false],
    [{ required: ['a'] }, { b: 1 }, false],
    [{ minProperties: 1, maxProperties: 1 }, { a: 1, b: 1 }, false],
    [{ items: { type: 'string' } }, ['a', 1], false],
    [{ properties: { a: { type: 'string' } }, additionalProperties: false }, { a: 'a', b: 1 }, false],
    [{ patternProperties: { '^x': {} }, additionalProperties: { type: 'string' } }, { x1: 1, y: 'y' }, true],
    [{ patternProperties: { '^x': { type: 'string' } } }, { x1: 1 }, false],
    [{ oneOf: [{ type: 'string' }, { pattern: 'a' }] }, 'a', false],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, false],
    [{ allOf: [{ not: { required: ['a', 'b'] } }] }, { a: 1, b: 1 }, false],
    [{ $ref: '#/definitions/name', definitions: { name: { type: 'string' } } }, 1, false],
  ])('%j says of %j: %s', ([schema, value, isValid]) => {
    expect(schemaViolation(schema, value) === null).toBe(isValid);
  });

  test('with a keyword that the validator does not know is an error', () => {
    expect(() => schemaViolation({ multipleOf: 2 }, 4)).toThrow(/multipleOf/);
  });
});
