/**
 * The entities that a session follows. When entities come or go, the change stream is reopened beside the open one and takes
 * its place (`StreamFlow.follow`): running scans, promotions and the changes of other entities go on meanwhile. Only a changed
 * set of collections needs another stream, and requests that arrive together cause one reopening.
 *
 * Keeps: a scan starts only while a stream that includes its source is open, because an entity has no route here until the
 * stream has taken over. Worst case: a stream that cannot be opened ends the session, which is then opened again with back-off.
 */
import type { Clock } from '@emcachers/core/clock';
import type { ProjectionOptions } from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { unlessAborted } from '../../runtime/abort.ts';
import type { Wakeup } from '../../runtime/wakeup.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import { type StreamPipeline, streamPipeline } from '../change-source/stream-pipeline.ts';
import { compileRoute, type Route, Routes } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { EntityFailure } from '../oplog/oplog-types.ts';
import type { IngestEntities, IngestEntity } from './ingest.ts';
import type { StreamFlow } from './ingest-stream.ts';
import type { FollowedStream } from './stream-flow-types.ts';

export interface RouteDependencies {
  readonly writer: OplogWriter;
  readonly log: Log;
  readonly options: ProjectionOptions;
}

/** A set of entities with all that is derived from it. */
export interface EntitySet {
  /** Equal if and only if the same entities are followed; also those without a route. */
  readonly key: string;
  readonly routes: ReadonlyMap<number, Route>;
  readonly pipeline: StreamPipeline;
}

/** Routes of entities that were followed before are kept, because they count what the columns met. */
export async function entitySet(
  dependencies: RouteDependencies,
  entities: readonly IngestEntity[],
  known: ReadonlyMap<number, Route> = new Map(),
): Promise<EntitySet> {
  const routes = new Map<number, Route>();
  for (const entity of entities.filter(({ lifecycle }) => lifecycle !== 'deleting')) {
    const route = known.get(entity.entityId) ?? (await compileOrFail(dependencies, entity));
    if (route !== null) routes.set(entity.entityId, route);
  }
  const pipeline = streamPipeline([...routes.values()].map(({ namespace }) => namespace));
  return { key: keyOf(entities), routes, pipeline };
}

function keyOf(entities: readonly IngestEntity[]): string {
  const ids = entities.filter(({ lifecycle }) => lifecycle !== 'deleting').map(({ entityId }) => entityId);
  return ids.sort((a, b) => a - b).join();
}

/** Null if the shape is invalid, or the key of its hashes is missing. Such an entity fails, but must not prevent the others from being followed (I10). */
async function compileOrFail({ writer, log, options }: RouteDependencies, entity: IngestEntity): Promise<Route | null> {
  try {
    return compileRoute(entity, options);
  } catch (error) {
    const { entityId, runId, lifecycle } = entity;
    const { errorCode, reason } = refusalOf(error);
    log.error({ entityId, err: error }, 'Shape cannot be compiled; entity skipped.');
    if (lifecycle !== 'failed') await writer.failScan({ entityId, runId, errorCode, reason });
    return null;
  }
}

function refusalOf(error: unknown): Omit<EntityFailure, 'entityId'> {
  if (error instanceof EmcachersError) return { errorCode: error.code, reason: `${error.detail} ${error.hint}` };
  return { errorCode: 'EMC-5001', reason: error instanceof Error ? error.message : String(error) };
}

export interface FollowedEntitiesDependencies extends RouteDependencies {
  readonly source: MongoSource;
  readonly entities: IngestEntities;
  readonly flow: StreamFlow;
  readonly clock: Clock;
  readonly wakeup: Wakeup;
  readonly signal: AbortSignal;
  readonly options: RouteDependencies['options'] & { readonly reopenWindowMs: number };
}

export class FollowedEntities {
  readonly #dependencies: FollowedEntitiesDependencies;
  #set: EntitySet;
  #stream: FollowedStream;
  #changing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** `set` and `stream`: what the session opened with. */
  constructor(dependencies: FollowedEntitiesDependencies, set: EntitySet, stream: FollowedStream) {
    this.#dependencies = dependencies;
    this.#set = set;
    this.#stream = stream;
  }

  /** The route of an entity that the open stream includes. */
  route(entityId: number): Route | undefined {
    return this.#set.routes.get(entityId);
  }

  /** Begins to follow exactly these entities, if they are not followed already. Throws if an earlier change failed. */
  check(list: readonly IngestEntity[]): void {
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#changing !== null || keyOf(list) === this.#set.key) return;
    this.#changing = this.#change()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#changing = null;
        this.#dependencies.wakeup.wake();
      });
  }

  async ended(): Promise<void> {
    await this.#changing;
  }

  async #change(): Promise<void> {
    const { clock, signal, entities, options } = this.#dependencies;
    await clock.sleep(options.reopenWindowMs, signal);
    if (signal.aborted) return;
    const next = await entitySet(this.#dependencies, await entities.list(), this.#set.routes);
    const routes = new Routes([...next.routes.values()]);
    const stream = await this.#streamOf(next.pipeline);
    const followed = { stream, routes, pipelineHash: next.pipeline.hash };
    if ((await unlessAborted(this.#dependencies.flow.follow(followed), signal)) === null) return;
    this.#set = next;
    this.#stream = followed;
  }

  /** The open stream, if it has the same pipeline. */
  async #streamOf(pipeline: StreamPipeline): Promise<FollowedStream['stream']> {
    const { source, flow, log, signal } = this.#dependencies;
    if (pipeline.hash === this.#stream.pipelineHash) return this.#stream.stream;
    log.debug({ pipelineHash: pipeline.hash }, 'Reopening the change stream for other collections.');
    return source.openStream({ position: { kind: 'time', clusterTime: flow.deliveredTime }, pipeline, signal });
  }
}
