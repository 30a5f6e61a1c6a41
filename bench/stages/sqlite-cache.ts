import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compileProjection } from '@emcachers/core/document/projection';
import { CacheFile } from '../../apps/engine/src/pipeline/sqlite-cache/cache-file.ts';
import { type Measurement, measureRate } from '../support/measurement.ts';
import { rawSampleDocuments, sampleColumns } from '../support/sample-documents.ts';

const runs = 5;
const rowsPerRun = 50_000;
const batch = 5_000;

type DocIds = (index: number) => string;

const rising: DocIds = (index) => index.toString(16).padStart(24, '0');
const random: DocIds = (index) => createHash('md5').update(String(index)).digest('hex').slice(0, 24);

/** Applies pages of entries to one cache file, which grows with the runs; excludes passing them to the thread. */
export async function measureSqliteCache(): Promise<Measurement[]> {
  const projection = compileProjection(sampleColumns);
  const rows = rawSampleDocuments(batch).map((document) => projection.project(document).data);
  return [
    await measureApply({ name: 'sqlite-cache: apply, rising DocIDs', docIds: rising, rows }),
    await measureApply({ name: 'sqlite-cache: apply, random DocIDs', docIds: random, rows }),
  ];
}

async function measureApply(options: { name: string; docIds: DocIds; rows: readonly string[] }): Promise<Measurement> {
  const folder = mkdtempSync(path.join(tmpdir(), 'emcachers-bench-'));
  const identity = {
    entityId: 1,
    entityName: 'bench',
    columns: sampleColumns,
    shapeHash: 'bench',
    historyId: '00000000-0000-4000-8000-000000000000',
    rebuildRequested: 0,
  };
  const file = CacheFile.create(path.join(folder, 'db.g1.sqlite'), identity, 1);
  let offset = 0;
  try {
    return await measureRate({
      name: `${options.name}, pages of ${batch.toLocaleString('en-US')}`,
      runs,
      work: () => {
        for (let done = 0; done < rowsPerRun; done += batch) {
          const docIds = options.rows.map((_, index) => options.docIds(offset + index));
          file.apply({
            entityId: 1,
            after: offset,
            docIds,
            data: options.rows,
            offset: offset + batch,
            version: 1,
            termId: null,
            horizon: 0,
            sourceTime: null,
          });
          offset += batch;
        }
        return rowsPerRun;
      },
    });
  } finally {
    file.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
