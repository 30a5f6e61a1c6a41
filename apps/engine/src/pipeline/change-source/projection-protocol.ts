/** Messages between the engine and the projection thread. */
import type { DocumentErrorCode } from '@emcachers/core/document/document-error';
import type { ColumnCounts, ProjectionOptions } from '@emcachers/core/document/projection';
import type { ProjectedShape } from './shape-projection.ts';

export interface ProjectionCall {
  readonly shape: ProjectedShape;
  readonly options: ProjectionOptions;
  readonly document: Uint8Array;
}

export type ProjectionAnswer =
  | { readonly kind: 'row'; readonly data: string; readonly counts: ColumnCounts }
  | { readonly kind: 'outside' }
  | { readonly kind: 'refused'; readonly code: DocumentErrorCode; readonly detail: string }
  | {
      readonly kind: 'refused-value';
      readonly code: DocumentErrorCode;
      readonly detail: string;
      readonly columnName: string;
    };
