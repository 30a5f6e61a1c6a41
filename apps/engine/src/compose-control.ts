import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { readFleet } from '@emcachers/db/fleet/read-fleet';
import { createIdempotencyStore } from '@emcachers/db/job/idempotency-store';
import { createJobStore } from '@emcachers/db/job/job-store';
import type { Pipeline, Shared } from './compose-pipeline.ts';
import type { EntityManager } from './control/entity-manager.ts';
import { createEntityManager } from './control/fleet-entity-manager.ts';
import { createFleetSampler, type FleetSampler } from './control/fleet-sampler.ts';
import type { Idempotency } from './control/idempotency.ts';
import { createJobDesk } from './control/job-desk.ts';
import type { JobServer } from './control/job-server.ts';
import { createSourceBrowser } from './control/mongo-source-browser.ts';
import { createNodeRegistry } from './control/node-registry.ts';
import type { OplogReader } from './control/oplog-reader.ts';
import { withOwnCaches } from './control/own-caches.ts';
import { createRowsReader } from './control/replicated-rows-reader.ts';
import type { RowsReader } from './control/rows-reader.ts';
import type { SourceBrowser } from './control/source-browser.ts';
import { createEntityControl } from './control/stored-entity-control.ts';
import { createIdempotency } from './control/stored-idempotency.ts';
import { createStoredOplogReader } from './control/stored-oplog-reader.ts';
import { createWakeListener } from './control/wake-listener.ts';
import type { Service } from './runtime/service.ts';

/** What runs when, and whether it is well. */
export interface Control {
  readonly fleet: FleetSampler;
  readonly entities: EntityManager;
  readonly jobs: JobServer;
  readonly idempotency: Idempotency;
  readonly sources: SourceBrowser;
  readonly oplogReader: OplogReader;
  readonly rowsReader: RowsReader;
  /** Makes this node known before its parts report under its name. */
  readonly register: () => Promise<void>;
  readonly services: readonly Service[];
}

export function createControl(shared: Shared & { readonly pipeline: Pipeline }): Control {
  const { database, source, clock, log, nodeId, config, pipeline } = shared;
  const entityControl = createEntityControl(database);
  const fleet = createFleetSampler({
    clock,
    log,
    nodeId,
    async readRows() {
      const caches = pipeline.replicator?.status() ?? [];
      return withOwnCaches(await readFleet(database.pool), { nodeId, caches });
    },
  });
  const registry = createNodeRegistry({
    clock,
    log,
    database,
    nodeId,
    roles: config.roles,
    ingest: () => pipeline.ingest()?.status() ?? null,
  });
  const wakeListener = createWakeListener({
    databaseUrl: database.url,
    wake(channel) {
      if (channel === 'emcachers_oplog') {
        pipeline.replicator?.oplogChanged();
        return;
      }
      pipeline.ingest()?.wake();
      pipeline.jobRunner()?.wake();
      pipeline.replicator?.entitiesChanged();
      fleet.knock();
    },
  });
  return {
    fleet,
    entities: createEntityManager({ fleet, control: entityControl }),
    jobs: createJobDesk({ store: createJobStore(database), control: entityControl }),
    idempotency: createIdempotency(createIdempotencyStore(database)),
    sources: createSourceBrowser({ source, clock, entitiesOf: (sourceName) => entitiesOf(fleet, sourceName) }),
    oplogReader: createStoredOplogReader({
      control: entityControl,
      oplog: pipeline.oplog,
      readDeadLetters: (entityId, limit) => readDeadLetters(database, { entityId, limit }),
    }),
    rowsReader: createRowsReader(pipeline.replicator),
    register: registry.beat,
    services: [wakeListener, fleet, registry],
  };
}

function entitiesOf(fleet: FleetSampler, sourceName: string): string[] {
  const entities = fleet.latest()?.entities ?? [];
  return entities.filter((entity) => entity.sourceName === sourceName).map((entity) => entity.entityName);
}
