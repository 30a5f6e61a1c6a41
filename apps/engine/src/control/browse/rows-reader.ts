import type { RowsPage } from '@emcachers/core/api-views';

export interface RowsRequest {
  readonly entityName: string;
  readonly after?: string | undefined;
  readonly limit: number;
  /** One document only. */
  readonly docId?: string | undefined;
}

/** Pages through the rows of this node's cache of an entity. */
export interface RowsReader {
  rows(request: RowsRequest): Promise<RowsPage>;
  /** The offset of this node's cache of the entity; null where it keeps none. Cheap: asked four times a second. */
  offset(entityName: string): number | null;
}
