import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { Decimal128, Int32, Long, ObjectId, serialize, UUID } from 'bson';
import { expect, test } from 'vitest';
import { docIdCandidates } from './doc-id-candidates.ts';

const docId = (value: unknown) => docIdOfDocument(serialize({ _id: value }));
const hex = '507f1f77bcf86cd799439011';
const uuid = '6a2f41a3-c54c-4e3f-8a1e-2f1a6b7c8d9e';

test.each<[string, unknown]>([
  ['2', new Int32(2)],
  ['2', '2'],
  ['-7', new Int32(-7)],
  ['2.5', 2.5],
  ['9007199254740993', Long.fromString('9007199254740993')],
  ['NumberLong("9007199254740993")', Long.fromString('9007199254740993')],
  ['NumberDecimal("1.50")', Decimal128.fromString('1.50')],
  [hex, new ObjectId(hex)],
  [hex.toUpperCase(), new ObjectId(hex)],
  [hex, hex],
  [`ObjectId("${hex}")`, new ObjectId(hex)],
  [`ObjectId('${hex}')`, new ObjectId(hex)],
  [`{"$oid":"${hex}"}`, new ObjectId(hex)],
  [uuid, new UUID(uuid)],
  [`UUID("${uuid}")`, new UUID(uuid)],
  ['"quoted"', 'quoted'],
  ['plain text', 'plain text'],
  ['Grüße', 'Grüße'],
  ['true', true],
  ['null', null],
  ['{"region":"eu","n":1}', { region: 'eu', n: 1 }],
  ['ISODate("2026-11-21T12:00:00.000Z")', new Date('2026-11-21T12:00:00.000Z')],
  ['  2  ', new Int32(2)],
])('%s finds the document with that _id (%s)', (text, value) => {
  expect(docIdCandidates(text)).toContain(docId(value));
});

test('a DocID finds its document, and comes first', () => {
  for (const typed of ['n:2', 's:507f', `u:${uuid}`]) expect(docIdCandidates(typed)[0]).toBe(typed);
});

test('what is no value at all is taken for a string, not for an error', () => {
  for (const typed of ['{', 'ObjectId("xyz")', 'UUID(1)', '{"$oid":1}', '"', 'ISODate("never")'])
    expect(docIdCandidates(typed)[0]).toBe(typed);
});
