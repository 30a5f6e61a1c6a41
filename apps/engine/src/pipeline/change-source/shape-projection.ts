/**
 * A shape, compiled: whether a document belongs to the entity, and its row. Used for every document that may become a row, so
 * that no unmasked value and no document outside of the filter gets past it.
 */

import { DocumentError, toDocumentError } from '@emcachers/core/document/document-error';
import { maskKeyId } from '@emcachers/core/document/masked-value';
import {
  type ColumnCounts,
  compileProjection,
  type ProjectedRow,
  type ProjectionOptions,
} from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ShapeFilter } from '@emcachers/core/shape-filter';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { compileShapeFilter } from './document-filter.ts';

/** What decides about rows. `maskKeyId`: of the key that the entity's hashes are made with; null if it has none. */
export interface ProjectedShape extends Pick<EntityRecord, 'columns' | 'maskKeyId'> {
  readonly where: ShapeFilter | null;
}

export interface ShapeProjection {
  /** Null if the document is outside of the filter. Throws `DocumentError` as `Projection.project` does. */
  project(document: Uint8Array, counts?: ColumnCounts): ProjectedRow | null;
  /** Throws `DocumentError` if the document is not valid BSON. */
  matches(document: Uint8Array): boolean;
}

/** Throws EMC-5001 if a path is invalid, EMC-2010 if the filter is, EMC-2020 if the key of the hashes is missing or another one. */
export function compileShape(shape: ProjectedShape, options: ProjectionOptions = {}): ShapeProjection {
  checkKey(shape, options.maskKey ?? null);
  const projection = compileProjection(shape.columns, options);
  const filter = shape.where === null ? null : compileShapeFilter(shape.where);
  const matches = (document: Uint8Array): boolean => {
    try {
      return filter === null || filter.matches(document);
    } catch (error) {
      throw unreadable(error);
    }
  };
  return {
    matches,
    project(document, counts) {
      if (matches(document)) return projection.project(document, counts);
      if (counts !== undefined) counts.outside += 1;
      return null;
    },
  };
}

/** Whatever a document makes the filter throw concerns only that document. */
function unreadable(error: unknown): unknown {
  const known = toDocumentError(error);
  if (known instanceof DocumentError) return known;
  return new DocumentError(error instanceof Error ? error.message : String(error), error);
}

function checkKey({ maskKeyId: expected }: ProjectedShape, key: Uint8Array | null): void {
  if (expected === null) return;
  const found = key === null ? null : maskKeyId(key);
  if (found === expected) return;
  const what =
    found === null
      ? 'EMCACHERS_MASK_KEY is not set'
      : `EMCACHERS_MASK_KEY is the key ${found}, not the key ${expected}, with which the entity was created`;
  throw new EmcachersError({
    code: 'EMC-2020',
    detail: `The entity has columns that are masked by a hash, but ${what}.`,
  });
}
