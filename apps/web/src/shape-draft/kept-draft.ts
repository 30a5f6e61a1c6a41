import { maskSchema } from '@emcachers/core/column-mask';
import type { NewEntity } from '@emcachers/core/new-entity';
import { columnTypes, refusalPolicies } from '@emcachers/core/shape';
import { storedFilterSchema } from '@emcachers/core/shape-filter';
import { z } from 'zod';

/** A draft may be unfinished, so its names and paths are any text. */
const draftSchema = z.object({
  entityName: z.string(),
  sourceName: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      type: z.enum(columnTypes),
      whenRefused: z.enum(refusalPolicies).optional(),
      mask: maskSchema.optional().catch(undefined),
    }),
  ),
  // A filter that is not JSON yet is not kept.
  where: storedFilterSchema.optional().catch(undefined),
  indexes: z.array(z.object({ columns: z.array(z.string()) })).exactOptional(),
  stream: z.string().exactOptional(),
});

const keyPrefix = 'emcachers-draft ';

/** `place` is the form's query, so that a draft from one collection is not offered for another. */
export function readDraft(place: string): NewEntity | null {
  try {
    const kept = sessionStorage.getItem(keyPrefix + place);
    const parsed = kept === null ? null : draftSchema.safeParse(JSON.parse(kept));
    if (parsed === null || !parsed.success) return null;
    const { columns, ...rest } = parsed.data;
    return { ...rest, columns: columns.map(withoutAbsent) };
  } catch {
    // Storage can be forbidden, or hold what is not JSON; the form then starts anew.
    return null;
  }
}

type Column = NewEntity['columns'][number];

function withoutAbsent({ whenRefused, mask, ...column }: z.infer<typeof draftSchema>['columns'][number]): Column {
  return {
    ...column,
    ...(whenRefused === undefined ? {} : { whenRefused }),
    ...(mask === undefined ? {} : { mask }),
  };
}

/** Null forgets the draft. The browser keeps it until the tab is closed. */
export function keepDraft(place: string, draft: NewEntity | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(keyPrefix + place);
    else sessionStorage.setItem(keyPrefix + place, JSON.stringify(draft));
  } catch {
    // As above.
  }
}
