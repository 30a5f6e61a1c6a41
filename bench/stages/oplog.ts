import type { Operation } from '@emcachers/core/operation';
import { createEntity } from '@emcachers/db/control/entities';
import { createOplogReader } from '../../apps/engine/src/pipeline/oplog/oplog-reader.ts';
import { createOplogWriter } from '../../apps/engine/src/pipeline/oplog/oplog-writer.ts';
import { openBenchDatabase } from '../support/bench-database.ts';
import { type Measurement, measureRate } from '../support/measurement.ts';
import { sampleColumns } from '../support/sample-documents.ts';

const runs = 5;
const entriesPerRun = 40_000;
const batches = [500, 2_000, 10_000] as const;
const pageRows = 5_000;
const pageBytes = 8 * 1024 * 1024;

/** Appends to PostgreSQL (one transaction per batch, with all locks and checks), and reads in pages. */
export async function measureOplog(): Promise<Measurement[]> {
  await using opened = await openBenchDatabase();
  const { database } = opened;
  const entity = await createEntity(database, {
    entityName: 'bench',
    sourceName: 'bench.documents',
    columns: sampleColumns,
  });
  const entityId = entity.entityId;
  await database.pool.query(`UPDATE entity SET lifecycle = 'live', route = 'oplog' WHERE id = $1`, [entityId]);
  const writer = createOplogWriter({ database, epoch: 0 });
  const reader = createOplogReader(database);
  const measurements: Measurement[] = [];
  for (const batch of batches) {
    measurements.push(
      await measureRate({
        name: `oplog: append, batches of ${batch.toLocaleString('en-US')}`,
        runs,
        work: async (run) => {
          for (let from = 0; from < entriesPerRun; from += batch) {
            const items = operations(entityId, { from: run * entriesPerRun + from, count: batch });
            await writer.append({ items, deadLetters: [], columnCounts: [], position: null });
          }
          return entriesPerRun;
        },
      }),
    );
  }
  measurements.push(
    await measureRate({
      name: `oplog: read, pages of ${pageRows.toLocaleString('en-US')}`,
      runs,
      work: async () => {
        let afterId = 0;
        let read = 0;
        for (let page = 0; page < 40; page += 1) {
          const { entries } = await reader.readPage({
            streamId: 1,
            afterId,
            entityIds: [entityId],
            limitRows: pageRows,
            limitBytes: pageBytes,
          });
          afterId = entries.at(-1)?.id ?? afterId;
          read += entries.length;
        }
        return read;
      },
    }),
  );
  return measurements;
}

function operations(entityId: number, range: { from: number; count: number }): Operation[] {
  return Array.from({ length: range.count }, (_, index) => ({
    kind: 'Upsert',
    entityId,
    docId: `document-${range.from + index}`,
    data: `[${range.from + index},"shipped",129.5,"Reykjavík","[{\\"sku\\":\\"SKU-1\\",\\"quantity\\":2}]","2026-11-21T09:12:44.018Z"]`,
    sourceTimeMs: 1_700_000_000_000,
  }));
}
