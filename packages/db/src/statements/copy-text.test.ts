import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { copyRows } from './copy-text.ts';

async function openTable() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const client = await database.pool.connect();
  await client.query('CREATE TABLE copied (id integer, value text)');
  return {
    client,
    copy: (rows: readonly (string | null)[]) =>
      copyRows(client, 'COPY copied (id, value) FROM STDIN', { rows: rows.entries(), values: (row) => row }),
    stored: async () =>
      (await client.query<{ value: string | null }>('SELECT value FROM copied ORDER BY id')).rows.map(
        ({ value }) => value,
      ),
    async [Symbol.asyncDispose]() {
      client.release();
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

test('text with every special character is stored unchanged, also if it is sent in several pieces', async () => {
  await using table = await openTable();
  const unit = 'a\\b\nc\rd\te\\\\N😀';
  const texts = [
    unit,
    '',
    '\\N',
    null,
    unit.repeat(50_000),
    `x${'😀'.repeat(400_000)}`,
    `${'y'.repeat((1 << 18) - 1)}\ud83d`,
  ];
  await table.copy(texts);
  expect(await table.stored()).toEqual(texts.map((text) => text?.replace(/\ud83d$/, '\ufffd') ?? null));
});

test('a text with a million backslashes is stored unchanged', async () => {
  await using table = await openTable();
  const text = '\\u0001'.repeat(1_000_000);
  await table.copy([text]);
  const answer = await table.client.query<{ same: boolean }>(
    `SELECT value = repeat('\\u0001', 1000000) AS same FROM copied`,
  );
  expect(answer.rows).toEqual([{ same: true }]);
});

test('an error while rows are made ends the COPY, and the connection can be used again', async () => {
  await using table = await openTable();
  const { client } = table;
  const failing = copyRows(client, 'COPY copied (id, value) FROM STDIN', {
    rows: [1, 2],
    values: (row) => {
      if (row === 2) throw new RangeError('Invalid string length');
      return [row, 'x'.repeat(2_000_000)];
    },
  });
  await expect(failing).rejects.toThrow('Invalid string length');
  expect(await table.stored()).toEqual([]);
});
