import { describe, expect, test } from 'vitest';
import { columnCountMax, entityNameSchema, parseSourceName, shapeSchema, sourceNameSchema } from './shape.ts';

const column = { name: 'total', type: 'Number', path: 'totals.net' } as const;

function messagesOf(result: ReturnType<typeof shapeSchema.safeParse>): readonly string[] {
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function problemsOf(shape: Partial<Record<'entityName' | 'sourceName' | 'columns', unknown>>): readonly string[] {
  return messagesOf(
    shapeSchema.safeParse({ entityName: 'orders', sourceName: 'shop.orders', columns: [column], ...shape }),
  );
}

describe('a shape', () => {
  test('with a name, a source and a column is accepted', () => {
    expect(problemsOf({})).toEqual([]);
  });

  test.each(['metadata', 'Doc_Id', 'sqlite_sequence'])(
    'cannot name an entity or a column %s, which the cache file needs for itself',
    (name) => {
      expect(entityNameSchema.safeParse(name).success).toBe(false);
      expect(problemsOf({ columns: [{ ...column, name }] })).toEqual([expect.stringContaining('reserved')]);
    },
  );

  test.each(['', '1st', 'a-b', 'a'.repeat(64)])('rejects the name %j and states the rule for names', (name) => {
    expect(problemsOf({ entityName: name })).toEqual([expect.stringContaining('1 to 63 letters')]);
  });

  test('names the column with the same name, regardless of case', () => {
    expect(problemsOf({ columns: [column, { ...column, name: 'TOTAL' }] })).toEqual([
      'columns.1.name: Column 1 already has this name; SQLite column names are case-insensitive.',
    ]);
  });

  test('has at least one column and at most the documented number', () => {
    const columns = Array.from({ length: columnCountMax + 1 }, (_, index) => ({ ...column, name: `c${index}` }));
    expect(problemsOf({ columns: [] })).toEqual(['columns: Add at least one column.']);
    expect(problemsOf({ columns: columns.slice(1) })).toEqual([]);
    expect(problemsOf({ columns })).toEqual([`columns: An entity can have at most ${columnCountMax} columns.`]);
  });

  test('rejects an empty path, an invalid path and one that is too long', () => {
    expect(problemsOf({ columns: [{ ...column, path: '' }] })).toEqual([expect.stringContaining('Enter the path')]);
    expect(problemsOf({ columns: [{ ...column, path: 'a..b' }] })).toHaveLength(1);
    expect(problemsOf({ columns: [{ ...column, path: 'a'.repeat(1025) }] })).toEqual([
      expect.stringContaining('at most 1024'),
    ]);
  });

  test('lists the column types if the type is unknown', () => {
    expect(problemsOf({ columns: [{ ...column, type: 'Date' }] })).toEqual([expect.stringContaining('JSONB')]);
  });
});

describe('the name of a source', () => {
  test.each([
    ['orders', 'database.collection'],
    ['.orders', 'database.collection'],
    ['shop.', 'database.collection'],
    ['my shop.orders', 'database name'],
    ['shop.a\0b', 'NUL'],
    [`shop.${'é'.repeat(126)}`, 'at most 255 bytes'],
  ])('%j is refused', (name, message) => {
    const result = sourceNameSchema.safeParse(name);
    expect(result.error?.issues.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
  });

  test('is split at its first dot, because a collection name may contain dots', () => {
    expect(sourceNameSchema.parse('shop.orders.archive')).toBe('shop.orders.archive');
    expect(parseSourceName('shop.orders.archive')).toEqual({ database: 'shop', collection: 'orders.archive' });
  });
});

test.each(['admin.x', 'local.oplog.rs', 'config.y', 'shop.system.views', 'shop.system.profile'])(
  'the internal source %s is refused with the reason',
  (name) => {
    expect(sourceNameSchema.safeParse(name).error?.issues[0]?.message).toContain('no change stream');
    expect(sourceNameSchema.safeParse(`my${name}s`.replace('system', 'systems')).success).toBe(true);
  },
);
