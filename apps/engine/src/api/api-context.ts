import type { Clock } from '@emcachers/core/clock';
import type { EntityManager } from '../control/entity-manager.ts';
import type { Fleet } from '../control/fleet.ts';
import type { Idempotency } from '../control/idempotency.ts';
import type { JobServer } from '../control/job-server.ts';
import type { OplogReader } from '../control/oplog-reader.ts';
import type { RowsReader } from '../control/rows-reader.ts';
import type { SourceBrowser } from '../control/source-browser.ts';

/** What the routes need of the engine; tRPC and REST share it, so they cannot answer differently. */
export interface ApiServices {
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly entities: EntityManager;
  readonly jobs: JobServer;
  readonly idempotency: Idempotency;
  readonly sources: SourceBrowser;
  readonly oplogReader: OplogReader;
  readonly rowsReader: RowsReader;
  /** Aborts when the engine stops; open streams end by it. */
  readonly stopping: AbortSignal;
}

export interface ApiContext {
  readonly services: ApiServices;
  /** Names this request in the log and in every error it is answered with. */
  readonly correlationId: string;
}
