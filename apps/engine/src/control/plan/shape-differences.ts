import type { Column } from '@emcachers/core/shape';
import type { EntityToStore } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';

/** An entity as it exists, as far as a description can differ from it. */
export type ExistingEntity = Pick<
  EntityRecord,
  'entityName' | 'sourceName' | 'streamName' | 'columns' | 'where' | 'indexes' | 'lifecycle'
>;

/** What differs between a description and the entity, one sentence each. The order of columns does not matter. */
export function shapeDifferences(wanted: EntityToStore, existing: ExistingEntity): string[] {
  const { sourceName, stream, where, columns } = wanted;
  return [
    ...differing('The source is', existing.sourceName, sourceName),
    // A description without a stream takes the entity as it is.
    ...differing('The stream is', existing.streamName, stream ?? existing.streamName),
    ...differing('The filter is', filterText(existing.where), filterText(where ?? null)),
    ...columnDifferences(columns, existing.columns),
  ];
}

/** What differs between the declared indexes. */
export function indexDifferences(wanted: EntityToStore, existing: ExistingEntity): string[] {
  const keyOf = ({ columns }: { readonly columns: readonly string[] }): string => columns.join(', ').toLowerCase();
  const has = new Set(existing.indexes.map(keyOf));
  const wants = new Set((wanted.indexes ?? []).map(keyOf));
  return [
    ...[...wants].filter((index) => !has.has(index)).map((index) => `Index (${index}) is missing.`),
    ...[...has].filter((index) => !wants.has(index)).map((index) => `Index (${index}) is not described.`),
  ];
}

function differing(words: string, has: string, wants: string): string[] {
  return has === wants ? [] : [`${words} ${has}, described is ${wants}.`];
}

function filterText(filter: object | null): string {
  return filter === null ? 'none' : JSON.stringify(filter);
}

function columnDifferences(wanted: readonly Column[], existing: readonly Column[]): string[] {
  const byName = (columns: readonly Column[]) => new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const has = byName(existing);
  const wants = byName(wanted);
  return [
    ...wanted.flatMap((column) => {
      const known = has.get(column.name.toLowerCase());
      return known === undefined ? [`Column ${column.name} is new.`] : changesOf(column, known);
    }),
    ...existing
      .filter(({ name }) => !wants.has(name.toLowerCase()))
      .map(({ name }) => `Column ${name} is not described.`),
  ];
}

function changesOf(wanted: Column, existing: Column): string[] {
  const words = `Column ${wanted.name}:`;
  return [
    ...differing(`${words} the name is`, existing.name, wanted.name),
    ...differing(`${words} the type is`, existing.type, wanted.type),
    ...differing(`${words} the path is`, existing.path, wanted.path),
    ...differing(
      `${words} a refused value is handled by`,
      existing.whenRefused ?? 'null',
      wanted.whenRefused ?? 'null',
    ),
    ...differing(`${words} the mask is`, maskText(existing), maskText(wanted)),
  ];
}

function maskText({ mask }: Column): string {
  if (mask === undefined) return 'none';
  return mask.kind === 'truncate' ? `truncate to ${mask.length}` : mask.kind;
}
