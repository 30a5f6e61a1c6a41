import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { cacheDirectory } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';
import type { Erasure } from '../workload/erasures.ts';

/** A node that was away builds its file when it returns, and deletes the old one after a grace, milliseconds. */
const filesMsMax = 30_000;

/** What a finished erasure may not leave: values in the oplog and in any file of the entity's caches, on any node. */
export async function checkErasures(cluster: Cluster, erasures: readonly Erasure[], report: Report): Promise<void> {
  for (const erasure of erasures) {
    if (!(await isDone(cluster, erasure))) continue;
    report.checked('an erased document has left no value');
    for (const place of await placesOf(cluster, erasure))
      report.fail(`Values were not erased from ${place}: ${JSON.stringify(erasure)}`);
  }
}

async function placesOf(cluster: Cluster, erasure: Erasure): Promise<readonly string[]> {
  const rows = await rowsWithValues(cluster, erasure);
  const places = rows > 0 ? [`${rows} rows of PostgreSQL`] : [];
  for (const { dataDir } of cluster.nodes) {
    const directory = cacheDirectory(dataDir, erasure.entityName);
    const files = await lastingFiles(directory, erasure.secret);
    places.push(...files.map((file) => path.join(directory, file)));
  }
  return places;
}

/** With the entity, everything of it goes. */
async function isDone({ database }: Cluster, { jobId, entityId }: Erasure): Promise<boolean> {
  const answer = await database.pool.query(
    `SELECT 1 FROM job j JOIN entity e ON e.id = $2 AND e.lifecycle <> 'deleting' WHERE j.id = $1 AND j.status = 'succeeded'`,
    [jobId, entityId],
  );
  return answer.rows.length > 0;
}

async function rowsWithValues({ database }: Cluster, { entityId, docId }: Erasure): Promise<number> {
  const answer = await database.pool.query<{ rows: number }>(
    `SELECT (SELECT count(*) FROM oplog WHERE entity_id = $1 AND doc_id = $2 AND data IS NOT NULL)::float8
          + (SELECT count(*) FROM oplog_staging WHERE entity_id = $1 AND doc_id = $2 AND data IS NOT NULL)::float8 AS rows`,
    [entityId, docId],
  );
  return answer.rows[0]?.rows ?? 0;
}

/** Files of the directory that go on having the text. */
async function lastingFiles(directory: string, text: string): Promise<readonly string[]> {
  const endMs = performance.now() + filesMsMax;
  for (;;) {
    const files = filesWith(directory, text);
    if (files.length === 0 || performance.now() > endMs) return files;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function filesWith(directory: string, text: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name }) => name).filter((name) => hasText(path.join(directory, name), text));
}

/** A file may go away between the listing and the reading. */
function hasText(file: string, text: string): boolean {
  try {
    return readFileSync(file).includes(text);
  } catch {
    return false;
  }
}
