/** Splits oplog pages into batches for the caches. Pure. */
import type { OplogEntry } from '@emcachers/core/operation';
import type { OplogPage } from '../oplog/oplog-types.ts';

/** The entries of one entity in one page, in id order. */
export interface EntityEntries {
  readonly docIds: string[];
  readonly data: (string | null)[];
  last: OplogEntry;
  /** Source time of the newest entry that has one. */
  sourceTimeMs: number | null;
}

export function entriesByEntity(entries: readonly OplogEntry[]): Map<number, EntityEntries> {
  const byEntity = new Map<number, EntityEntries>();
  for (const entry of entries) {
    let own = byEntity.get(entry.entityId);
    if (own === undefined) {
      own = { docIds: [], data: [], last: entry, sourceTimeMs: null };
      byEntity.set(entry.entityId, own);
    }
    own.docIds.push(entry.docId);
    own.data.push(entry.kind === 'Delete' ? null : entry.data);
    own.last = entry;
    own.sourceTimeMs = entry.sourceTimeMs ?? own.sourceTimeMs;
  }
  return byEntity;
}

/** The id up to which the page's reader has seen every entry. */
export function pageEnd(page: OplogPage): number {
  const last = page.entries.at(-1);
  return page.full && last !== undefined ? last.id : page.head;
}

/** Why a file at `offset` cannot continue with this page; null if it can. */
export function outdatedReason(page: OplogPage, file: { offset: number; historyId: string }): string | null {
  if (page.historyId !== file.historyId) return 'PostgreSQL has a different oplog history.';
  if (page.head < file.offset) return `PostgreSQL was rewound: its newest entry is ${page.head}, below ${file.offset}.`;
  // An empty file may start at any offset, because the oplog always keeps the newest entry of every document.
  if (file.offset > 0 && file.offset < page.horizon)
    return `The oplog can be replayed from ${page.horizon} on, the file is at ${file.offset}.`;
  return null;
}
