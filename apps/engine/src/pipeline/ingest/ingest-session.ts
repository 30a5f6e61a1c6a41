/**
 * The open stream and everything that runs beside it: writing to the oplog, scans, promotions, and following entities that come
 * and go. A session ends at a stop or an error, whichever comes first. It settles only after all its parts have ended and the
 * channel's contents are committed or have failed.
 *
 * Keeps: promotion waits until the stream has passed the end of the scan. Worst case: a part that does not end blocks the next session, so every
 * part ends on the signal or on the channel's failure.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { linkedAbort } from '../../runtime/abort.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import { LargeDocuments } from '../change-source/large-documents.ts';
import type { Position } from '../change-source/position.ts';
import { Routes } from '../change-source/to-operation.ts';
import { channelDefaults, createChannel } from '../channel/bounded-channel.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { PromotionResult } from '../oplog/oplog-types.ts';
import { entitySet, FollowedEntities } from './followed-entities.ts';
import type { IngestEntities, IngestEntity } from './ingest.ts';
import type { IngestFacts } from './ingest-facts.ts';
import type { IngestOptions } from './ingest-options.ts';
import { ScanRunner } from './ingest-scan-runner.ts';
import { StreamFlow } from './ingest-stream.ts';
import { SourceWatch } from './source-watch.ts';
import type { DeliveredUnit, FollowedStream } from './stream-flow-types.ts';
import { SweepProof } from './sweep-proof.ts';

export interface SessionDependencies {
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly entities: IngestEntities;
  readonly facts: IngestFacts;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: IngestOptions;
  /** Server errors of scans by run, kept across sessions, so that an unreadable collection eventually fails. */
  readonly scanFailures: Map<string, number>;
}

export interface SessionStart {
  readonly position: Position;
  readonly version: number;
  /** Hash of the pipeline under which the saved token was produced. */
  readonly pipelineHash: string | null;
  readonly sourceId: string | null;
  readonly signal: AbortSignal;
  /** Receives the function that signals changed entities while the session runs. */
  readonly onWake: (wake: () => void) => void;
}

export type SessionEnd =
  | { readonly kind: 'stop' }
  | { readonly kind: 'error'; readonly error: unknown; readonly progressed: boolean };

export async function runSession(dependencies: SessionDependencies, start: SessionStart): Promise<SessionEnd> {
  const entities = await dependencies.entities.list();
  const set = await entitySet(dependencies, entities);
  await using largeDocuments = new LargeDocuments(dependencies.options);
  using session = linkedAbort(start.signal);
  const { signal } = session;
  const { pipeline } = set;
  const opening = openingOf(start, pipeline.hash);
  const stream = await dependencies.source.openStream({ position: opening.position, pipeline, signal });
  const { facts, writer, clock, log, options } = dependencies;
  const bounds = { ...channelDefaults, ...options.channel };
  const channel = createChannel<DeliveredUnit>(clock, bounds);
  const wakeup = new Wakeup(clock);
  const wake = (): void => wakeup.wake();
  const followed: FollowedStream = {
    stream,
    routes: new Routes([...set.routes.values()]),
    pipelineHash: pipeline.hash,
  };
  const flow = new StreamFlow(
    {
      largeDocuments,
      channel,
      writer,
      facts,
      clock,
      identity: { version: start.version, sourceId: start.sourceId },
      skipThrough: opening.skipThrough,
      isSharded: facts.mongo?.isSharded ?? false,
      onNews: wake,
      onDivided: () => {
        facts.dividedTransaction();
        log.warn(
          {},
          'Readers see a transaction of the source in parts: it is above EMCACHERS_TRANSACTION_OPERATIONS_MAX or EMCACHERS_TRANSACTION_BYTES_MAX.',
        );
      },
    },
    {
      followed,
      position: start.position,
      options: { idleSaveMs: options.idleSaveMs, units: { ...bounds, ...options } },
    },
  );
  start.onWake(wake);
  facts.streamOpen = true;
  facts.channelFill = () => channel.fill();
  const consuming = flow.consume().catch((error: unknown) => {
    channel.fail(error);
    throw error;
  });
  const parts = { ...dependencies, largeDocuments, flow, wakeup, sourceId: start.sourceId, signal };
  const control = new SessionControl(parts, new FollowedEntities(parts, set, followed));
  const producing = flow.produce();
  const cause = await Promise.race([producing, consuming, control.run()]).then(
    (end): SessionEnd => end ?? { kind: 'stop' },
    (error: unknown): SessionEnd => ({ kind: 'error', error, progressed: false }),
  );
  facts.streamOpen = false;
  session.abort();
  await flow.close();
  channel.close();
  const [drained] = await Promise.allSettled([consuming, producing, control.ended()]);
  // A stream that was opened while the session ended.
  await flow.close();
  facts.channelClosed();
  start.onWake(() => undefined);
  return endOf(cause, { drained, progressed: flow.progressed, stopped: start.signal.aborted });
}

interface Opening {
  readonly position: Position;
  readonly skipThrough: string | null;
}

/**
 * Chooses where to open the stream. MongoDB answers 280 to a token whose event the pipeline filters out (jstests
 * `filter_excludes_resume_point.js`), for example after the entity of the last change was deleted. If the pipeline has changed,
 * the stream therefore opens at the token's time, and repeated changes up to the token are skipped.
 */
function openingOf({ position, pipelineHash }: SessionStart, hash: string): Opening {
  if (position.kind === 'time' || pipelineHash === hash) return { position, skipThrough: null };
  return { position: { kind: 'time', clusterTime: position.clusterTime }, skipThrough: position.data };
}

interface Ending {
  readonly drained: PromiseSettledResult<unknown>;
  readonly progressed: boolean;
  readonly stopped: boolean;
}

/** A failed commit takes precedence over what ended the session; a stop takes precedence over the errors that it causes. */
function endOf(cause: SessionEnd, { drained, progressed, stopped }: Ending): SessionEnd {
  if (drained.status === 'rejected') return { kind: 'error', error: drained.reason, progressed };
  if (stopped) return { kind: 'stop' };
  return cause.kind === 'stop' ? cause : { ...cause, progressed };
}

interface ControlDependencies extends SessionDependencies {
  readonly largeDocuments: LargeDocuments;
  readonly flow: StreamFlow;
  readonly wakeup: Wakeup;
  readonly sourceId: string | null;
  readonly signal: AbortSignal;
}

/** While an entity is in one of these, something waits for the stream's position. */
const scanLifecycles: ReadonlySet<IngestEntity['lifecycle']> = new Set(['pending', 'scanning', 'catching-up']);

/** Null if no time is known. */
function earliest(times: readonly (bigint | null)[]): bigint | null {
  let first: bigint | null = null;
  for (const time of times) if (time !== null && (first === null || time < first)) first = time;
  return first;
}

/** After each hint, checks whether the entities changed and which of them are due for promotion or a scan. */
class SessionControl {
  readonly #dependencies: ControlDependencies;
  readonly #followed: FollowedEntities;
  readonly #scans: ScanRunner;
  readonly #watch: SourceWatch;
  readonly #proof: SweepProof;
  #running: Promise<SessionEnd> | null = null;

  constructor(dependencies: ControlDependencies, followed: FollowedEntities) {
    this.#dependencies = dependencies;
    this.#followed = followed;
    this.#scans = new ScanRunner(dependencies);
    this.#watch = new SourceWatch(dependencies);
    this.#proof = new SweepProof(dependencies);
  }

  run(): Promise<SessionEnd> {
    this.#running = this.#run();
    return this.#running;
  }

  async ended(): Promise<void> {
    await Promise.allSettled([this.#running, this.#scans.ended(), this.#followed.ended()]);
  }

  async #run(): Promise<SessionEnd> {
    const { signal, entities, facts, flow, wakeup, options } = this.#dependencies;
    while (!signal.aborted) {
      const { passedTime } = flow;
      const running = this.#scans.running();
      const list = await entities.list();
      this.#scans.endSuperseded(list);
      this.#followed.check(list);
      facts.flow.follow(list);
      await this.#watch.check(list, passedTime);
      flow.hurry(list.some(({ lifecycle }) => scanLifecycles.has(lifecycle)));
      const hasMore = await this.#promote(list);
      this.#scans.throwFailure();
      this.#scan(list.filter(({ entityId }) => !running.has(entityId)));
      if (!hasMore) await wakeup.wait(options.pollMs, signal);
    }
    return { kind: 'stop' };
  }

  /** Moves one chunk for each entity whose scan the stream has passed. Returns true while more remains. */
  async #promote(list: readonly IngestEntity[]): Promise<boolean> {
    const { flow } = this.#dependencies;
    const waiting = list.filter(({ lifecycle }) => lifecycle === 'catching-up');
    flow.awaitedTime = earliest(waiting.map(({ scanEndTime }) => scanEndTime));
    let hasMore = false;
    for (const entity of waiting) {
      if (entity.scanEndTime === null || flow.passedTime < entity.scanEndTime) continue;
      if ((await this.#promoteOrFail(entity)) === 'moved') hasMore = true;
    }
    return hasMore;
  }

  /** An error that is neither of a connection nor of leadership concerns this entity only (I10). */
  async #promoteOrFail(entity: IngestEntity): Promise<PromotionResult['kind']> {
    const { writer, log } = this.#dependencies;
    const { entityId, runId } = entity;
    try {
      return await this.#promoteChunk(entity);
    } catch (error) {
      if (error instanceof EmcachersError) throw error;
      log.error({ entityId, err: error }, 'Promotion failed; entity failed.');
      const reason = error instanceof Error ? error.message : String(error);
      await writer.failScan({ entityId, runId, errorCode: 'EMC-5999', reason });
      return 'refused';
    }
  }

  async #promoteChunk({ entityId, runId }: IngestEntity): Promise<PromotionResult['kind']> {
    const { writer, options, log } = this.#dependencies;
    const result = await writer.promoteChunk({ entityId, runId, limit: options.promotionRowsMax });
    if (result.kind === 'unproven') return this.#prove({ entityId, runId }, result.sample);
    if (result.kind === 'done') log.info({ entityId, swept: result.swept }, 'Entity is live.');
    if (result.kind === 'refused')
      log.error({ entityId, code: 'EMC-3004' }, 'Sweep refused: the scan is not proven to be complete.');
    return result.kind;
  }

  async #prove(run: { entityId: number; runId: string }, sample: readonly string[]): Promise<PromotionResult['kind']> {
    const route = this.#followed.route(run.entityId);
    if (route === undefined) return 'waiting';
    return this.#proof.prove(run, { route, sample, notBefore: this.#dependencies.flow.deliveredTime });
  }

  #scan(list: readonly IngestEntity[]): void {
    for (const entity of list) {
      const route = this.#followed.route(entity.entityId);
      if (route === undefined || (entity.lifecycle !== 'pending' && entity.lifecycle !== 'scanning')) continue;
      this.#scans.start(entity, route);
    }
  }
}
