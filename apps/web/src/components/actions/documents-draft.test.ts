import { describe, expect, test } from 'vitest';
import { emptyDocuments, selectedDocuments } from './documents-draft.ts';

const ids = (text: string) => selectedDocuments({ ...emptyDocuments, text });
const oid = '65f0a1b2c3d4e5f601234567';
const uuid = '08cc05b7-61c4-4fa7-a9dc-716fe069bd0c';

describe('the documents of an action', () => {
  test('are those of one _id in each line: the hex of an ObjectId, Extended JSON, or plain text', () => {
    const text = `${oid}\n\n"8"\nA-17\n{"$uuid":"${uuid}"}\n{"$numberLong":"9007199254740993"}`;
    expect(ids(text)).toEqual({
      ids: [{ $oid: oid }, '8', 'A-17', { $uuid: uuid }, { $numberLong: '9007199254740993' }],
    });
    for (const hex of ['123456789012345678901234', '650000000000000000000e12'])
      expect(ids(hex)).toEqual({ ids: [{ $oid: hex }] });
  });

  test.each<[string, unknown]>([
    ['100234', 100_234],
    ['1e5', 100_000],
    ['-2.5', -2.5],
    ['true', true],
    ['null', null],
    [uuid, { $uuid: uuid }],
    ['9007199254740993', { $numberLong: '9007199254740993' }],
    ['9223372036854775808', { $numberDecimal: '9223372036854775808' }],
  ])('%s without quotes means the value and the text', (text, value) => {
    expect(ids(` ${text} `)).toEqual({ ids: [value, text] });
  });

  test.each(['007', '1e400', '-1e400', '[1]', '{'])('%s can only be a text', (text) => {
    expect(ids(text)).toEqual({ ids: [text] });
  });

  test('are those of a query, once it is a JSON object', () => {
    const query = (text: string) => selectedDocuments({ ...emptyDocuments, by: 'query', text });
    expect(query('{"status":"open"}')).toEqual({ query: { status: 'open' } });
    expect([query('{"status"'), query('[1]'), query('')]).toEqual([null, null, null]);
  });

  test('are those since a time, by a date field if one is named', () => {
    const since = { ...emptyDocuments, by: 'since', since: '2026-01-31T12:00:00Z' } as const;
    expect(selectedDocuments(since)).toEqual({ since: '2026-01-31T12:00:00.000Z' });
    expect(selectedDocuments({ ...since, field: ' updatedAt ' })).toMatchObject({ field: 'updatedAt' });
    expect(selectedDocuments({ ...since, since: 'noon' })).toBeNull();
  });

  test('are incomplete while nothing is typed', () => {
    expect(ids(' \n')).toBeNull();
  });
});
