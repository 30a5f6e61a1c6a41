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

/**
 * The source time of a cache that has applied the page and everything before it; `before` is its source time until then. Null if the
 * oplog lacks changes of its entity. A full page does not reach up to the time that it was read with.
 */
export function sourceTimeAfter(page: OplogPage, entityId: number, before: bigint | null): bigint | null {
  if (page.gaps.has(entityId)) return null;
  if (page.full || page.passedTime === null) return before;
  return before !== null && before > page.passedTime ? before : page.passedTime;
}

/** Why a file cannot continue with a page. */
export interface Outdated {
  readonly code: 'EMC-3003' | 'EMC-3006';
  readonly message: string;
}

/** Of a cache file; `horizon` is the entity's horizon when the file was at offset 0. */
export interface FilePlace {
  readonly entityId: number;
  readonly offset: number;
  readonly historyId: string;
  readonly horizon: number;
}

/** Null if a file at this place can continue with the page. */
export function outdatedBy(page: OplogPage, file: FilePlace): Outdated | null {
  const different = (message: string): Outdated => ({ code: 'EMC-3003', message });
  if (page.historyId !== file.historyId) return different('PostgreSQL has a different oplog history.');
  if (page.head < file.offset)
    return different(`PostgreSQL was rewound: its newest entry is ${page.head}, below ${file.offset}.`);
  const horizon = page.horizons.get(file.entityId) ?? 0;
  // An empty file may start at any offset, because the oplog always keeps the newest entry of every document.
  const isBehind = file.offset > 0 && file.offset < horizon;
  // The horizon that the file began under does not concern it: it has read the entries that remained.
  if (!isBehind || horizon <= file.horizon) return null;
  const message = `Compaction has removed entries up to ${horizon} that this cache had not read; it was at ${file.offset}.`;
  return { code: 'EMC-3006', message };
}
