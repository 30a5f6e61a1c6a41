import type { EntityView } from '@emcachers/core/api-views';
import type { Cluster } from './cluster/cluster.ts';
import { cacheRows } from './oracle/cache-rows.ts';
import { differences } from './oracle/differences.ts';
import { expectedRows } from './oracle/expected-rows.ts';
import type { Report } from './report.ts';

/** What becomes right within this time was level later than the API said (I12); what does not is wrong (I1). */
const lateMsMax = 5_000;
const entriesShownMax = 8;

/** Compares every cache of every node with what the oracle expects. */
export async function compareAll(cluster: Cluster, entities: readonly EntityView[], report: Report): Promise<void> {
  for (const entity of entities)
    for (const { nodeId, dataDir } of cluster.nodes) {
      const found = await lastingDifferences(cluster, entity, { nodeId, dataDir, report });
      report.checked('I1 a cache equals the projection of its source');
      if (found.length > 0) report.fail(await describe(cluster, entity, { nodeId, found }));
    }
}

interface Place {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly report: Report;
}

async function lastingDifferences(
  cluster: Cluster,
  entity: EntityView,
  { nodeId, dataDir, report }: Place,
): Promise<readonly string[]> {
  const expected = await expectedRows(cluster.mongo, entity);
  report.checked('I13 rows compared cell by cell', expected.rows.size);
  report.checked('I1 documents that a filter keeps out of a cache', expected.outside);
  const maskedColumns = entity.columns.filter(({ mask }) => mask !== undefined).length;
  report.checked('I1 masked cells compared', maskedColumns * expected.rows.size);
  const endMs = performance.now() + lateMsMax;
  for (let looks = 1; ; looks += 1) {
    const found = differences(expected.rows, cacheRows(dataDir, entity), entity);
    if (found.length === 0 && looks > 1)
      report.fail(`I12: ${entity.entityName} on ${nodeId} was level later than the API said`);
    if (found.length === 0 || performance.now() > endMs) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** With the entries of the documents at fault, so that the report alone says what happened. */
async function describe(
  cluster: Cluster,
  entity: EntityView,
  { nodeId, found }: { readonly nodeId: string; readonly found: readonly string[] },
): Promise<string> {
  const { entityName, sourceName, stream, version, columns, where } = entity;
  const lines = [
    `I1: ${entityName} (${sourceName}, stream ${stream}, version ${version}) on ${nodeId}:`,
    `  ${JSON.stringify({ columns, where })}`,
    ...found.map((each) => `  ${each}`),
  ];
  const docId = /^(?:missing|extra|different) ([^,]+)/.exec(found[0] ?? '')?.[1];
  const answer = await cluster.database.pool.query(
    `SELECT o.id::text, o.operation, o.version, o.epoch::text, o.created_at, left(o.data, 200) AS data FROM oplog o JOIN entity e ON e.id = o.entity_id
      WHERE e.name = $1 AND o.doc_id = $2 ORDER BY o.id DESC LIMIT $3`,
    [entityName, docId, entriesShownMax],
  );
  return [...lines, ...answer.rows.map((row) => `  entry ${JSON.stringify(row)}`)].join('\n');
}
