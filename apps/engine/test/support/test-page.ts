import { randomUUID } from 'node:crypto';
import { decodeRow } from '@emcachers/core/document/row-codec';
import type { Operation } from '@emcachers/core/operation';
import { encodeRow } from './encode-row.ts';
import { noCounts, position, type TestOplog } from './test-oplog.ts';

/** Scans these documents, each as the row that `row` makes of it, and makes the entity live. Answers the entity's id. */
export async function scanToLive(oplog: TestOplog, name: string, docIds: readonly string[]): Promise<number> {
  const { entityId, runId } = await oplog.entity(name);
  const { writer } = oplog;
  await writer.beginScan({ entityId, runId, collectionUuid: randomUUID(), estimated: docIds.length });
  for (let start = 0; start < docIds.length; start += 5_000) {
    const operations = docIds
      .slice(start, start + 5_000)
      .map((docId, index) => upsert(entityId, docId, [index, 'scanned']));
    const page = { entityId, runId, operations, deadLetters: [], counts: noCounts, lastKey: Buffer.from('key') };
    await writer.appendScanPage(page);
  }
  await writer.finishScan({ entityId, runId, endTime: 0n });
  const saved = await writer.readPosition();
  if (saved.position === null) await writer.savePosition(position(1, saved.version));
  await oplog.promote(name);
  return entityId;
}

export function upsert(entityId: number, docId: string, row: readonly [n: number, t: string]): Operation {
  const data = encodeRow(row, ['Integer', 'Text']);
  return { kind: 'Upsert', entityId, docId, data, sourceTimeMs: 1_700_000_000_123 };
}

export function deletion(entityId: number, docId: string): Operation {
  return { kind: 'Delete', entityId, docId, data: null, sourceTimeMs: 1_700_000_000_123 };
}

/** What a cache should hold: a replay of the whole oplog. */
export async function expectedRows(oplog: TestOplog, entityId: number): Promise<Map<string, Record<string, unknown>>> {
  const rows = await oplog.replay(entityId);
  return new Map(
    [...rows].map(([docId, data]) => {
      const [n, t] = decodeRow(data, ['Integer', 'Text']);
      return [docId, { n, t }];
    }),
  );
}
