import type { OplogEntryView } from '@emcachers/core/api-views';
import { rowJson } from '@emcachers/core/document/row-json';
import type { OplogEntry } from '@emcachers/core/operation';
import type { Column } from '@emcachers/core/shape';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { DeadLetterRecord } from '@emcachers/db/fleet/read-dead-letters';
import type { OplogReader } from '../../pipeline/oplog/oplog.ts';
import type { OplogPage } from '../../pipeline/oplog/oplog-types.ts';
import type { EntityControl } from '../entity/entity-control.ts';
import { unknownEntity } from '../entity/unknown-entity.ts';
import { iso } from '../fleet/iso-time.ts';
import { type DeadLetterView, deadLetterView } from './dead-letter-view.ts';
import type { OplogBatch, OplogBatchRequest } from './oplog-batch.ts';
import { rowPreview } from './row-cells.ts';

export interface OplogPageRequest {
  readonly entityName: string;
  /** Returns only entries with a lower id. If omitted, the newest entries. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Reads the oplog for the API: pages of entries, newest first; dead letters; batches for remote nodes. */
export interface OplogBrowser {
  entries(request: OplogPageRequest): Promise<{ entries: OplogEntryView[]; next: number | null }>;
  deadLetters(request: { readonly entityName: string; readonly limit: number }): Promise<DeadLetterView[]>;
  batch(request: OplogBatchRequest): Promise<OplogBatch>;
}

export interface OplogBrowserDependencies {
  readonly control: EntityControl;
  readonly oplog: OplogReader;
  readonly readDeadLetters: (entityId: number, limit: number) => Promise<readonly DeadLetterRecord[]>;
}

/** Maximum bytes per entity in one batch. The next call returns the rest (I11). */
const batchBytesMax = 4_000_000;

export function createOplogBrowser(dependencies: OplogBrowserDependencies): OplogBrowser {
  const { control, oplog, readDeadLetters } = dependencies;
  const find = async (entityName: string): Promise<EntityRecord> => {
    const entity = await control.find(entityName);
    if (entity === null) throw unknownEntity(entityName);
    return entity;
  };
  return {
    async entries({ entityName, before, limit }) {
      const entity = await find(entityName);
      const entries = await oplog.tail({ entityId: entity.entityId, before: before ?? null, limit });
      const next = entries.length < limit ? null : (entries.at(-1)?.id ?? null);
      return { entries: entries.map((entry) => entryView(entry, entity.columns)), next };
    },
    async deadLetters({ entityName, limit }) {
      const { entityId } = await find(entityName);
      const letters = await readDeadLetters(entityId, limit);
      return letters.map(deadLetterView);
    },
    async batch({ entities, limit }) {
      const pages = [];
      for (const { entityName, afterId } of entities) {
        const { streamId, entityId, columns } = await find(entityName);
        const request = { streamId, afterId, entityIds: [entityId], limitRows: limit, limitBytes: batchBytesMax };
        const page = await oplog.readPage(request);
        pages.push({ entityName, columns, page, horizon: page.horizons.get(entityId) ?? 0 });
      }
      const [first] = pages;
      if (first === undefined) throw new Error('A batch request must name at least one entity.');
      return {
        historyId: first.page.historyId,
        // The lowest head of the pages' snapshots is valid for all of them.
        head: Math.min(...pages.map(({ page }) => page.head)),
        horizon: Math.max(...pages.map(({ horizon }) => horizon)),
        entities: pages.map(batchOf),
      };
    },
  };
}

interface EntityPage {
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly page: OplogPage;
  readonly horizon: number;
}

function batchOf({ entityName, columns, page, horizon }: EntityPage): OplogBatch['entities'][number] {
  const entries = page.entries.map(({ id, kind, docId, version, data, createdAtMs }) => ({
    id,
    operation: kind,
    docId,
    version,
    data: data === null ? null : rowJson(data, columns),
    createdAt: iso(createdAtMs),
  }));
  const next = page.full ? (entries.at(-1)?.id ?? page.head) : page.head;
  return { entityName, horizon, entries, more: page.full, next };
}

function entryView(entry: OplogEntry, columns: readonly Column[]): OplogEntryView {
  const { id, kind, docId, version, createdAtMs, data } = entry;
  const shown = data === null ? { preview: null, previewCut: false } : rowPreview(data, columns);
  return { id, operation: kind, docId, version, createdAt: iso(createdAtMs), ...shown };
}
