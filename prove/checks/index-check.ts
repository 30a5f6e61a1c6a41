import type { EntityView } from '@emcachers/core/api-views';
import Sqlite from 'better-sqlite3';
import type { Cluster } from '../cluster/cluster.ts';
import { cacheLink } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';

/** A node says after a moment that an index is gone or there, milliseconds. */
const lateMsMax = 5_000;

/** Every file has exactly the declared indexes, by the names of docs/decisions/0025, and each index has the rows of its table. */
export async function checkIndexes(cluster: Cluster, entities: readonly EntityView[], report: Report): Promise<void> {
  for (const { entityName, indexes } of entities)
    for (const { dataDir, nodeId } of cluster.nodes) {
      const declared = indexes.map(({ columns }) => `emc:${columns.join()} on ${columns.join()}`).toSorted();
      report.checked('a cache has the declared indexes');
      report.checked('indexes compared with their tables', declared.length);
      const wrong = await wrongIndexes(cacheLink(dataDir, entityName), declared.join('; '));
      if (wrong !== null) report.fail(`${entityName} on ${nodeId}: ${wrong}`);
    }
}

async function wrongIndexes(file: string, declared: string): Promise<string | null> {
  const found = await lastingIndexes(file, declared);
  if (found !== declared) return `the indexes are ${found} instead of ${declared}`;
  const damage = inFile(file, (database) => String(database.pragma('integrity_check', { simple: true })));
  return damage === 'ok' ? null : damage;
}

async function lastingIndexes(file: string, expected: string): Promise<string> {
  const endMs = performance.now() + lateMsMax;
  for (;;) {
    const found = inFile(file, indexesOf);
    if (found === expected || performance.now() > endMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function indexesOf(database: Sqlite.Database): string {
  const select = `SELECT m.name || ' on ' || (SELECT group_concat(name, ',') FROM pragma_index_info(m.name) ORDER BY seqno)
                    FROM sqlite_master m WHERE m.type = 'index' AND m.sql IS NOT NULL`;
  return database.prepare<[], string>(select).pluck().all().toSorted().join('; ');
}

function inFile<Found>(file: string, read: (database: Sqlite.Database) => Found): Found {
  const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
