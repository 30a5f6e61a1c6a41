import { type Column, columnSchema, entityNameSchema, type Shape, sourceNameSchema } from '@emcachers/core/shape';

/** The draft is sent in a URL, whose length is limited, so a preview has at most this many columns. */
export const previewColumnsMax = 40;

/**
 * The part of an unfinished draft that can be previewed: the valid columns, each name once. Null if there is nothing to
 * preview. A preview does not need a valid entity name.
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
