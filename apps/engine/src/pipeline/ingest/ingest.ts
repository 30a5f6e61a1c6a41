/**
 * Contract of ingest, which the leader of a stream runs: it writes the change stream of the stream's entities to the oplog, scans entities, and promotes completed
 * scans.
 *
 * Guarantees
 * - Durable before acknowledged (I2): a position is saved with the entries that it covers, or alone when nothing is in flight.
 * - A start position is saved before the first scan reads. A scan starts only while a stream that includes its source is
 *   open. An entity is promoted only after the stream has passed an operation time taken after the scan's last page.
 * - Every session reads the position from PostgreSQL, never from memory (I9). Within a session, a stream for other collections
 *   takes over at the last change that the present one delivered.
 * - A refresh does not hold back live changes of its entity, and no cache shows a document in an earlier state than before.
 * - Entities come and go, and scans run side by side, without stopping one another.
 * - A failure of one entity (its scan or its documents) stops neither the stream nor another entity's scan (I10).
 * - Readers see a transaction of the source as a whole, up to stated bounds (`change-units.ts`).
 * - Nothing is written to MongoDB.
 *
 * Call order: become leader, then call `run(signal)` with an oplog writer bound to the epoch. Call `run` again only after it settles.
 * Failures: `run` resolves once stopped and drained. It rejects with EMC-3002 if deposed, EMC-300x if PostgreSQL fails, and EMC-200x
 * if MongoDB is unreachable for longer than the bounded retries; the supervisor restarts it with back-off.
 * Not promised: exactly-once appends. After a crash, a suffix of the stream is appended again, in order (I4).
 */
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Service } from '../../runtime/service.ts';
import type { LastKey } from '../change-source/change-source-types.ts';
import type { EntityFlow } from './flow-counters.ts';
import type { IngestStatus } from './ingest-status.ts';

/** The fields of an entity that ingest needs. Read afresh each time; never kept across a transaction. */
export interface IngestEntity
  extends Pick<
    EntityRecord,
    | 'entityId'
    | 'entityName'
    | 'sourceName'
    | 'columns'
    | 'where'
    | 'maskKeyId'
    | 'version'
    | 'lifecycle'
    | 'route'
    | 'runId'
  > {
  /** The key after which the current scan continues. */
  readonly scanLastKey: LastKey;
  /** The collection's UUID at the start of the current scan; null if the collection did not exist. */
  readonly scanCollectionUuid: string | null;
  readonly scanned: number;
  readonly estimated: number | null;
  /** Set while catching up: the operation time that the saved position must pass before promotion. */
  readonly scanEndTime: bigint | null;
}

export interface IngestEntities {
  /** All entities of the stream, in scan order. */
  list(): Promise<readonly IngestEntity[]>;
}

export interface Ingest extends Service {
  /** Signals that entities or jobs changed (a NOTIFY on `emcachers_control`): check now instead of at the next poll. */
  wake(): void;
  status(): IngestStatus;
  /** What was written for each entity, what waited, and what became a dead letter. */
  flow(): readonly EntityFlow[];
  /**
   * For how long nothing has been received, committed or retried, or one commit has been running, milliseconds. 0 while the
   * supervisor waits to run it again.
   */
  stalledMs(): number;
}
