import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { OplogBrowser } from '../control/browse/oplog-browser.ts';
import type { RowsReader } from '../control/browse/rows-reader.ts';
import type { SourceBrowser } from '../control/browse/source-browser.ts';
import type { EntityManager } from '../control/entity/entity-manager.ts';
import type { Fleet } from '../control/fleet/fleet.ts';
import type { JobServer } from '../control/job/job-server.ts';
import type { Idempotency } from './idempotency.ts';

/** What the routes need of the engine; tRPC and REST share it, so they cannot answer differently. */
export interface ApiServices {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly entities: EntityManager;
  readonly jobs: JobServer;
  readonly idempotency: Idempotency;
  readonly sources: SourceBrowser;
  readonly oplogBrowser: OplogBrowser;
  readonly rowsReader: RowsReader;
  /** Aborts when the engine stops; open streams end by it. */
  readonly stopping: AbortSignal;
}

export interface ApiContext {
  readonly services: ApiServices;
  readonly log: Log;
  /** Names this request in the log and in every error it is answered with. */
  readonly correlationId: string;
}
