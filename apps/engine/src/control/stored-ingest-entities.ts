import { type EntityRecord, listEntities } from '@emcachers/db/control/entities';
import type { Database } from '@emcachers/db/database';
import type { IngestEntities, IngestEntity } from './ingest.ts';

/** The entities as ingest must know them, read from PostgreSQL at every call. */
export function createIngestEntities(database: Database): IngestEntities {
  return { list: async () => (await listEntities(database)).map(ingestEntity) };
}

function ingestEntity(record: EntityRecord): IngestEntity {
  const { id, sourceDatabase, sourceCollection, columns, activity, runId, scan } = record;
  return {
    id,
    sourceName: `${sourceDatabase}.${sourceCollection}`,
    columns,
    activity,
    runId,
    scanLastKey: scan.lastKey === null ? { kind: 'none' } : { kind: 'key', document: scan.lastKey },
    scanCollectionUuid: scan.collectionUuid,
    scanned: scan.scanned,
    estimated: scan.estimated,
    scanEndTime: scan.endTime,
  };
}
