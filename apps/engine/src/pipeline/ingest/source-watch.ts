/**
 * Checks on a schedule that the entities still copy what they were defined on. Some changes of a source reach no stream: a view
 * that takes a collection's place, and another MongoDB behind the same address. Keeps I12: an entity whose source can no longer
 * be followed says so instead of staying `live`.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { parseSourceName } from '@emcachers/core/shape';
import type { MongoSource } from '../change-source/change-source.ts';
import type { CollectionFacts } from '../change-source/change-source-types.ts';
import { refusalOfSource } from '../change-source/source-refusal.ts';
import { isServerError, refusalCode } from '../change-source/stream-errors.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { IngestEntity } from './ingest.ts';
import { serverDifference } from './ingest-history.ts';
import type { StreamFlow } from './ingest-stream.ts';

export interface SourceWatchDependencies {
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly flow: Pick<StreamFlow, 'committedTime'>;
  readonly clock: Clock;
  readonly log: Log;
  /** The server that the stream was opened at. */
  readonly sourceId: string | null;
  readonly options: { readonly sourceCheckMs: number };
}

/** A collection that was another one when it was read. The stream may still have to deliver the drop that explains it. */
interface Suspicion {
  readonly uuid: string | null;
  /** Operation time of the server after the collection was read: a drop that explains it is not later. */
  readonly time: bigint;
}

export class SourceWatch {
  readonly #dependencies: SourceWatchDependencies;
  readonly #suspicions = new Map<number, Suspicion>();
  #dueAtMs = 0;

  constructor(dependencies: SourceWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Does nothing until the next check is due. `passedTime` is what the stream had passed before `entities` were read, so that
   * they reflect every drop up to it. Throws EMC-2009 if MongoDB is another one.
   */
  async check(entities: readonly IngestEntity[], passedTime: bigint): Promise<void> {
    const { source, clock, options, sourceId, flow } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#dueAtMs) return;
    this.#dueAtMs = nowMs + options.sourceCheckMs;
    // Read before the server's time: the stream goes on meanwhile, and a later position would look like a clock that is behind.
    const clusterTime = flow.committedTime;
    const server = await source.describe();
    const difference = serverDifference({ sourceId, clusterTime }, { server, time: await source.operationTime() });
    if (difference !== null) throw new EmcachersError({ code: 'EMC-2009', detail: difference });
    for (const entity of entities.filter(({ lifecycle }) => lifecycle === 'live'))
      await this.#checkEntity(entity, passedTime);
  }

  async #checkEntity(entity: IngestEntity, passedTime: bigint): Promise<void> {
    const facts = await this.#factsOf(entity);
    if (facts === 'unknown') return;
    const { entityId, runId, sourceName, scanCollectionUuid } = entity;
    const refusal = refusalOfSource(sourceName, facts);
    const uuid = facts?.uuid ?? null;
    if (refusal !== null) await this.#fail(entity, refusal);
    else if (uuid === scanCollectionUuid) this.#suspicions.delete(entityId);
    else if (scanCollectionUuid === null)
      await this.#dependencies.writer.recordCollection({ entityId, runId, collectionUuid: uuid });
    else await this.#suspect(entity, uuid, passedTime);
  }

  /** An error of the server concerns this collection only: the stream shows whether it matters. */
  async #factsOf({ sourceName }: IngestEntity): Promise<CollectionFacts | null | 'unknown'> {
    try {
      return await this.#dependencies.source.collectionFacts(parseSourceName(sourceName));
    } catch (error) {
      if (isServerError(error)) return 'unknown';
      throw error;
    }
  }

  async #fail({ entityId, runId }: IngestEntity, reason: string): Promise<void> {
    const { writer, log } = this.#dependencies;
    log.warn({ entityId, code: refusalCode, reason }, 'Source can no longer be followed; entity failed.');
    await writer.failScan({ entityId, runId, errorCode: refusalCode, reason });
  }

  /** Once the stream has passed the time of a check, no drop can explain the difference any more. */
  async #suspect({ entityId, sourceName }: IngestEntity, uuid: string | null, passedTime: bigint): Promise<void> {
    const { source, writer, log } = this.#dependencies;
    const earlier = this.#suspicions.get(entityId);
    if (earlier?.uuid !== uuid) this.#suspicions.set(entityId, { uuid, time: await source.operationTime() });
    else if (passedTime >= earlier.time) {
      this.#suspicions.delete(entityId);
      const reason = `${sourceName} is not the collection that was scanned, and no change event says why.`;
      log.warn({ entityId, code: 'EMC-2009' }, reason);
      const items = [{ kind: 'Rescan', entityId, reason }] as const;
      await writer.append({ items, deadLetters: [], columnCounts: [], position: null });
    }
  }
}
