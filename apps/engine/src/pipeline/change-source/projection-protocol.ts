/** Messages between the engine and the projection thread. */
import type { DocumentErrorCode } from '@emcachers/core/document/document-error';
import type { ColumnCounts } from '@emcachers/core/document/projection';
import type { Column } from '@emcachers/core/shape';

export interface ProjectionCall {
  readonly columns: readonly Column[];
  readonly rowBytesMax: number;
  readonly document: Uint8Array;
}

export type ProjectionAnswer =
  | { readonly kind: 'row'; readonly data: string; readonly counts: ColumnCounts }
  | { readonly kind: 'refused'; readonly code: DocumentErrorCode; readonly detail: string }
  | {
      readonly kind: 'refused-value';
      readonly code: DocumentErrorCode;
      readonly detail: string;
      readonly columnName: string;
    };
