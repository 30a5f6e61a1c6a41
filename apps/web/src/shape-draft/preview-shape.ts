import { type Column, columnSchema, entityNameSchema, type Shape, sourceNameSchema } from '@emcachers/core/shape';

/** A preview is asked for in an address, which has a limit; so many columns are shown at most. */
export const previewColumnsMax = 40;

/**
 * What of a half-finished draft can be previewed: the columns that are right already, each name once. Null while there
 * is nothing to show. A missing entity name does not matter to a preview.
 */
export function previewShape(draft: Partial<Shape>): Shape | null {
  const sourceName = sourceNameSchema.safeParse(draft.sourceName);
  if (!sourceName.success) return null;
  const names = new Set<string>();
  const columns: Column[] = [];
  for (const column of draft.columns ?? []) {
    const checked = columnSchema.safeParse(column);
    if (!checked.success || names.has(checked.data.name.toLowerCase())) continue;
    names.add(checked.data.name.toLowerCase());
    columns.push(checked.data);
  }
  if (columns.length === 0) return null;
  const entityName = entityNameSchema.safeParse(draft.entityName);
  return {
    entityName: entityName.success ? entityName.data : 'preview',
    sourceName: sourceName.data,
    columns: columns.slice(0, previewColumnsMax),
  };
}
