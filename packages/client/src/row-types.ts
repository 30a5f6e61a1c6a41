/** Writes TypeScript types of rows. */

/** An entity and its columns in the order of the file. */
export interface TypedEntity {
  readonly entity: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/**
 * What `@emcachers/client` returns for a column. The types of a shape, and the wider ones that a cache file declares
 * (docs/glossary.md, "What a column keeps"). Every column can be NULL.
 */
const valueTypes: Readonly<Record<string, string>> = {
  Text: 'string',
  JSONB: 'string',
  Integer: 'number | bigint',
  Number: 'number | string',
  Bool: '0 | 1',
  Any: 'string | number | bigint | Uint8Array',
  TEXT: 'string',
  INTEGER: 'number | bigint',
  ANY: 'string | number | bigint | Uint8Array',
};

/** Source text of one module. For each entity: the interface of its rows, and the columns for `openCache`. */
export function rowTypes(entities: readonly TypedEntity[]): string {
  const heading = '// Written by emcachers-types. Generate it again when a shape changes.\n';
  return [heading, ...entities.map(entityTypes)].join('\n');
}

function entityTypes({ entity, columns }: TypedEntity): string {
  const fields = columns.map(({ name, type }) => `  readonly ${name}: ${valueTypes[type] ?? 'unknown'} | null;`);
  const types = columns.map(({ name, type }) => `    ${name}: '${type}',`);
  return [
    `/** A row of the cache ${entity}. */`,
    `export interface ${entity.charAt(0).toUpperCase()}${entity.slice(1)}Row {`,
    '  readonly doc_id: string;',
    ...fields,
    '}',
    `export const ${entity}Cache = {`,
    `  entity: '${entity}',`,
    '  columns: {',
    ...types,
    '  },',
    '} as const;',
    '',
  ].join('\n');
}
