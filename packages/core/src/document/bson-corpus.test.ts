/**
 * MongoDB's BSON corpus, read from EMCACHERS_SPEC_DIR. Every valid document is projected, and the result equals that of the
 * official library if JSON can represent the value. Invalid BSON is rejected with `DocumentError`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Decimal128, deserialize, Long, ObjectId, Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { documentJson } from '../../test/document-json.ts';
import { DocumentError } from './document-error.ts';
import { compileProjection } from './projection.ts';
import { decodeRow } from './row-codec.ts';

interface Corpus {
  readonly description: string;
  readonly test_key?: string;
  readonly valid?: readonly { readonly description: string; readonly canonical_bson: string }[];
  readonly decodeErrors?: readonly { readonly description: string; readonly bson: string }[];
}

const specFolder = process.env['EMCACHERS_SPEC_DIR'];
const folder = specFolder === undefined || specFolder === '' ? null : join(specFolder, 'bson-corpus');

function corpusFiles(): [string, Corpus][] {
  if (folder === null) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const files = names.map((name): [string, Corpus] => [name, JSON.parse(readFileSync(join(folder, name), 'utf8'))]);
  // Some files only test JSON parsing.
  return files.filter(([, { valid, decodeErrors }]) => valid !== undefined || decodeErrors !== undefined);
}

/** Corpus errors about invalid UTF-8: we repair and count such text instead of refusing the document. */
const keptTexts = /UTF-8|utf-8|invalid UTF/i;

/** The value as the official library writes it as JSON; undefined for types without a common form. */
function libraryValue(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return jsonNumber(value);
  if (value instanceof ObjectId || value instanceof Decimal128) return value.toString();
  if (value instanceof Timestamp) return `${value.t}:${value.i}`;
  if (value instanceof Long) return Number(value.toString());
  return undefined;
}

function jsonNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

if (folder === null)
  test('reads the BSON corpus from EMCACHERS_SPEC_DIR', ({ skip }) => {
    skip('EMCACHERS_SPEC_DIR is not set: there is no corpus to read');
  });

function expectLibraryValue(raw: Buffer, key: string, description: string): void {
  const parsed = JSON.parse(documentJson(raw)) as Record<string, unknown>;
  // These patterns and options are valid in MongoDB but not in JavaScript.
  const decoded = deserialize(raw, { bsonRegExp: true, promoteValues: true, validation: { utf8: false } });
  const expected = libraryValue(decoded[key]);
  if (expected !== undefined) expect({ description, value: parsed[key] }).toEqual({ description, value: expected });
}

function projectedRow(raw: Buffer, key: string): unknown {
  const columns = [{ name: 'c', type: 'Any' as const, path: `"${key.replaceAll('"', '\\"')}"` }];
  return decodeRow(compileProjection(columns).project(raw).data, ['Any']);
}

describe.each(corpusFiles())('the BSON corpus: %s', (_, corpus) => {
  const key = corpus.test_key ?? '';
  const valid = corpus.valid ?? [];
  const wrong = corpus.decodeErrors ?? [];

  if (valid.length > 0)
    test(`projects its ${valid.length} documents`, () => {
      for (const { description, canonical_bson: hex } of valid) {
        const raw = Buffer.from(hex, 'hex');
        expectLibraryValue(raw, key, description);
        if (key !== '') expect(projectedRow(raw, key)).toHaveLength(1);
      }
    });

  if (wrong.length > 0)
    test(`rejects its ${wrong.length} invalid documents`, () => {
      for (const { description, bson } of wrong) {
        const raw = Buffer.from(bson, 'hex');
        if (keptTexts.test(description)) expect(documentJson(raw)).toContain('\ufffd');
        else expect(() => documentJson(raw), description).toThrow(DocumentError);
      }
    });
});
