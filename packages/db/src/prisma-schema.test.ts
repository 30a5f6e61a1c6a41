import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from './testing.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
}

const schemaFile = fileURLToPath(new URL('../../../prisma/schema.prisma', import.meta.url));

/** PostgreSQL's names of the types that the schema uses, by Prisma's scalar and, where given, its native type. */
const typeNames: Readonly<Record<string, string>> = {
  Int: 'integer',
  'Int @db.SmallInt': 'smallint',
  BigInt: 'bigint',
  String: 'text',
  'String @db.Uuid': 'uuid',
  'String[]': 'ARRAY',
  Boolean: 'boolean',
  Bytes: 'bytea',
  'Json @db.Json': 'json',
  'DateTime @db.Timestamptz': 'timestamp with time zone',
  'Decimal @db.Decimal': 'numeric',
};

/** The scalar fields of every model, read from the schema's text; relation fields have a model's name as their type. */
function columnsOfSchema(text: string): Column[] {
  const models = [...text.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)];
  const modelNames = new Set(models.map((model) => model[1]));
  return models.flatMap(([, , body = '']) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '';
    const fields = [...body.matchAll(/^ {2}(\w+) +(\w+)(\[\])?(\?)?( .*)?$/gm)];
    return fields
      .filter((field) => !modelNames.has(field[2]))
      .map(([, name = '', scalar = '', list = '', optional, attributes = '']) => {
        const native = /@db\.\w+/.exec(attributes)?.[0];
        const key = native === undefined ? `${scalar}${list}` : `${scalar}${list} ${native}`;
        const column = /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name;
        return { table, column, type: typeNames[key] ?? `unknown: ${key}`, nullable: optional === '?' };
      });
  });
}

function sorted(columns: readonly Column[]): string[] {
  return columns.map((each) => `${each.table}.${each.column} ${each.type}${each.nullable ? ' null' : ''}`).toSorted();
}

test('schema.prisma and the migrated database have the same tables, columns, types and nullability', async () => {
  await using database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const answer = await client.query<Column>(
    `SELECT table_name AS "table", column_name AS "column", data_type AS type, is_nullable = 'YES' AS nullable
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`,
  );
  await client.end();
  const declared = columnsOfSchema(await readFile(schemaFile, 'utf8'));
  expect(declared.length).toBeGreaterThan(100);
  expect(sorted(declared)).toEqual(sorted(answer.rows));
});
