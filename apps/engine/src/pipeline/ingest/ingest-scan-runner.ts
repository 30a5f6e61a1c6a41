/**
 * Runs the scans of a session side by side, each as a task beside the stream. They take turns (`fair-turns.ts`). Keeps I10: an
 * error sets the entity to `failed`, and the other scans go on, unless it is an error of the connection to MongoDB or PostgreSQL, or of leadership. Those
 * end the session, which is reopened with back-off.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { type LinkedAbort, linkedAbort } from '../../runtime/abort.ts';
import type { Wakeup } from '../../runtime/wakeup.ts';
import type { MongoSource } from '../change-source/change-source.ts';
import type { LargeDocuments } from '../change-source/large-documents.ts';
import { MalformedFrameError } from '../change-source/malformed-frame-error.ts';
import { isConnectionError, isServerError, refusalCode } from '../change-source/stream-errors.ts';
import type { Route } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { EntityFailure } from '../oplog/oplog-types.ts';
import { FairTurns } from './fair-turns.ts';
import type { IngestEntity } from './ingest.ts';
import type { IngestFacts } from './ingest-facts.ts';
import type { ScanOptions } from './ingest-options.ts';
import {
  describeScanEnd,
  isRefresh,
  refuse,
  type ScanDependencies,
  type ScanRequest,
  scanEntity,
} from './ingest-scan.ts';
import type { StreamFlow } from './ingest-stream.ts';
import { ScanThrottle } from './scan-throttle.ts';

export interface ScanRunnerDependencies {
  readonly source: MongoSource;
  readonly largeDocuments: LargeDocuments;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly clock: Clock;
  readonly log: Log;
  readonly flow: StreamFlow;
  readonly wakeup: Wakeup;
  readonly signal: AbortSignal;
  readonly scanFailures: Map<string, number>;
  readonly options: ScanOptions;
}

interface RunningScan {
  readonly runId: string;
  readonly abort: LinkedAbort;
  readonly settled: Promise<void>;
}

export class ScanRunner {
  readonly #dependencies: ScanRunnerDependencies;
  readonly #scan: ScanDependencies;
  /** Refreshes have turns of their own, because they wait for the stream while it lags; first scans do not. */
  readonly #refreshTurns: FairTurns;
  /** By entity. A newer run of an entity starts when the older one has ended. */
  readonly #running = new Map<number, RunningScan>();
  #failure: { readonly error: unknown } | null = null;

  constructor(dependencies: ScanRunnerDependencies) {
    const { source, largeDocuments, writer, facts, clock, log, flow, options } = dependencies;
    this.#dependencies = dependencies;
    this.#refreshTurns = new FairTurns(options.scansMax);
    this.#scan = {
      source,
      largeDocuments,
      writer,
      facts,
      clock,
      log,
      turns: new FairTurns(options.scansMax),
      throttle: new ScanThrottle(clock, options.scanDocumentsPerSecond),
      deliveredTime: () => flow.deliveredTime,
      untilPassed: (time, signal) => flow.untilPassed(time, signal),
      pageDocumentsMax: options.pageDocumentsMax,
      pageBytesMax: options.pageBytesMax,
    };
  }

  /** Rethrows the error of a scan if it ends the session. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** The entities whose scans are running. What was read about them meanwhile may be out of date. */
  running(): ReadonlySet<number> {
    return new Set(this.#running.keys());
  }

  /** Call it only for an entity whose scan is not running. */
  start(entity: IngestEntity, route: Route): void {
    const { entityId, runId } = entity;
    const abort = linkedAbort(this.#dependencies.signal);
    const settled = this.#run({ entity, route, signal: abort.signal })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        abort[Symbol.dispose]();
        this.#running.delete(entityId);
        this.#dependencies.wakeup.wake();
      });
    this.#running.set(entityId, { runId, abort, settled });
  }

  /** Ends the scans whose run is no longer that of their entity, also while they wait for MongoDB or for a turn. */
  endSuperseded(list: readonly IngestEntity[]): void {
    const runs = new Map(list.map(({ entityId, runId }) => [entityId, runId]));
    for (const [entityId, { runId, abort }] of this.#running) if (runs.get(entityId) !== runId) abort.abort();
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ settled }) => settled));
  }

  async #run(request: ScanRequest): Promise<void> {
    const { log, scanFailures, signal } = this.#dependencies;
    const { entityId, runId } = request.entity;
    try {
      const turns = isRefresh(request) ? this.#refreshTurns : this.#scan.turns;
      const ended = await scanEntity({ ...this.#scan, turns }, request);
      // Only a session that ends interrupts a scan that is still wanted.
      const end = ended === 'stopped' && !signal.aborted ? 'superseded' : ended;
      scanFailures.delete(runId);
      log.info({ entityId, end }, describeScanEnd(end));
    } catch (error) {
      const reason = this.#refusalOf(error, runId);
      if (reason === null) throw error;
      scanFailures.delete(runId);
      await refuse(this.#scan, request, reason);
    }
  }

  /** Why the scan is abandoned; null if the error concerns all scans, or may be temporary. */
  #refusalOf(error: unknown, runId: string): Omit<EntityFailure, 'entityId'> | null {
    if (error instanceof EmcachersError)
      return error.code === refusalCode ? { errorCode: refusalCode, reason: error.detail } : null;
    if (isServerError(error) || error instanceof MalformedFrameError)
      return this.#failsTooOften(runId) ? { errorCode: refusalCode, reason: error.message } : null;
    return isConnectionError(error) ? null : defect(error);
  }

  #failsTooOften(runId: string): boolean {
    const failures = (this.#dependencies.scanFailures.get(runId) ?? 0) + 1;
    this.#dependencies.scanFailures.set(runId, failures);
    return failures > this.#dependencies.options.serverErrorsMax;
  }
}

/** A defect, or a statement that PostgreSQL refuses for this entity: trying again would end the same way. */
function defect(error: unknown): Omit<EntityFailure, 'entityId'> {
  return { errorCode: 'EMC-5999', reason: error instanceof Error ? error.message : String(error) };
}
