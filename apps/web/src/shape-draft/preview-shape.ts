import { maskProblems } from '@emcachers/core/column-mask';
import { type Column, columnSchema, entityNameSchema, type Shape, sourceNameSchema } from '@emcachers/core/shape';
import { filterSchema } from '@emcachers/core/shape-filter';

/** The draft is sent in a URL, whose length is limited, so a preview has at most this many columns. */
export const previewColumnsMax = 40;
const filterCharsMax = 2_000;

/**
 * The part of an unfinished draft that can be previewed: the valid columns, each name once, and the filter if it is valid. Null if
 * there is nothing to preview. A preview does not need a valid entity name.
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
  const unsafe = new Set(maskProblems(columns).map(({ index }) => index));
  const shown = columns.filter((_, index) => !unsafe.has(index)).slice(0, previewColumnsMax);
  if (shown.length === 0) return null;
  const entityName = entityNameSchema.safeParse(draft.entityName);
  return {
    entityName: entityName.success ? entityName.data : 'preview',
    sourceName: sourceName.data,
    columns: shown,
    ...validFilter(draft.where),
  };
}

function validFilter(where: unknown): Pick<Shape, 'where'> {
  const filter = filterSchema.safeParse(where);
  return filter.success && JSON.stringify(filter.data).length <= filterCharsMax ? { where: filter.data } : {};
}
