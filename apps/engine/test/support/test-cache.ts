import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheBatch, CacheIdentity } from '../../src/pipeline/sqlite-cache/cache-types.ts';
import { encodeRow } from './encode-row.ts';

export const identity: CacheIdentity = {
  entityId: 1,
  entityName: 'orders',
  columns: [
    { name: 'n', type: 'Integer', path: 'n' },
    { name: 'select', type: 'Any', path: 't' },
  ],
  shapeHash: 'shape',
  historyId: 'history',
  rebuildRequested: 0,
};

export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'emcachers-cache-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Entries `after + 1` and on: a string upserts a document of that id, null after it deletes. */
export function batchOf(
  after: number,
  ...entries: readonly (readonly [docId: string, n: number | null])[]
): CacheBatch {
  const data = entries.map(([, n]) => (n === null ? null : encodeRow([n, `text ${n}`], ['Integer', 'Any'])));
  const docIds = entries.map(([docId]) => docId);
  const offset = after + entries.length;
  return { entityId: 1, after, docIds, data, offset, version: 1, termId: null, horizon: 0, sourceTime: null };
}
