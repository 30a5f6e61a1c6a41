import { createEntityList } from '@emcachers/db/control/entity-list';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Database } from '@emcachers/db/database';
import type { IngestEntities, IngestEntity } from './ingest.ts';

/** Reads the entities of a stream from PostgreSQL, oldest first, which is the order of their scans. */
export function storedIngestEntities(database: Database, streamId: number): IngestEntities {
  const list = createEntityList(database);
  return { list: async () => (await list()).filter((entity) => entity.streamId === streamId).map(toIngestEntity) };
}

function toIngestEntity({
  entityId,
  entityName,
  sourceName,
  columns,
  where,
  maskKeyId,
  version,
  lifecycle,
  route,
  runId,
  scan,
}: EntityRecord): IngestEntity {
  return {
    entityId,
    entityName,
    sourceName,
    columns,
    where,
    maskKeyId,
    version,
    lifecycle,
    route,
    runId,
    scanLastKey: scan.lastKey === null ? { kind: 'none' } : { kind: 'key', document: scan.lastKey },
    scanCollectionUuid: scan.collectionUuid,
    scanned: scan.scanned,
    estimated: scan.estimated,
    scanEndTime: scan.endTime,
  };
}
