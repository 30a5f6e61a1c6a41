/**
 * Evaluates a shape's filter on raw documents. This is the only place that decides whether a document belongs to an entity: for
 * changes, scans, partial refreshes, retries, sweeps and previews alike, so that no two of them can disagree (I1). MongoDB never
 * filters for the engine: a `$match` on the document of a change would also drop the deletions, which have none.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ShapeFilter, StoredFilter } from '@emcachers/core/shape-filter';
import { compileDocumentFilter, type DocumentFilter } from '@emcachers/mongo-embedded/document-filter';
import { EJSON, serialize } from 'bson';

/** Throws EMC-2010 with the field at fault. `where`: see `filterProblem` for what the shape's schema has checked. */
export function compileShapeFilter(where: ShapeFilter): DocumentFilter {
  try {
    return compileDocumentFilter(serialize(valuesOf(where)));
  } catch (error) {
    throw refusedFilter(error);
  }
}

/** The filter in canonical Extended JSON, in which every value names its BSON type. Throws EMC-2010. */
export function canonicalFilter(where: ShapeFilter): StoredFilter {
  try {
    return EJSON.serialize(valuesOf(where), { relaxed: false });
  } catch (error) {
    throw refusedFilter(error);
  }
}

/** Numbers become the narrowest BSON type that holds them, which makes no difference to a comparison. */
function valuesOf(where: ShapeFilter): ReturnType<typeof EJSON.deserialize> {
  return EJSON.deserialize(where, { relaxed: false });
}

function refusedFilter(cause: unknown): EmcachersError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new EmcachersError({ code: 'EMC-2010', detail, fields: [{ path: ['where'], message: detail }], cause });
}
