/** Facts about ingest for `deriveStatus`. Ingest writes them and the fleet sampler reads them; neither judges them. */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ServerFacts } from '../change-source/change-source-types.ts';
import type { Position } from '../change-source/position.ts';
import { clusterTimeMs } from '../change-source/resume-token.ts';
import type { ChannelFill } from '../channel/channel.ts';
import { FlowCounters } from './flow-counters.ts';
import type { IngestStatus } from './ingest-status.ts';

const emptyFill: ChannelFill = {
  bufferedOperations: 0,
  bufferedBytes: 0,
  bufferedOperationsMax: 0,
  bufferedBytesMax: 0,
};

interface ScanProgress {
  readonly entityId: number;
  readonly estimated: number | null;
  /** Documents scanned since this process started or resumed the scan, for the rate. */
  readonly startedAtMs: number;
  readonly scannedBefore: number;
  scanned: number;
}

/** States of the loop in which nothing is due. */
const idleStates: readonly string[] = ['stopped', 'failed'];

export class IngestFacts {
  streamOpen = false;
  mongo: ServerFacts | null = null;
  changesTotal = 0;
  readonly flow = new FlowCounters();
  #dividedTransactions = 0;
  /** Fill level of the current channel. The maxima of earlier channels are kept separately. */
  channelFill: () => ChannelFill = () => emptyFill;
  readonly #clock: Clock;
  #operationsHighest = 0;
  #bytesHighest = 0;
  #lastChangeAtMs: number | null = null;
  #lastReplyAtMs: number | null = null;
  #lastPositionSavedAtMs: number | null = null;
  #savedClusterTimeMs: number | null = null;
  #lastError: IngestStatus['lastError'] = null;
  readonly #scans = new Map<number, ScanProgress>();
  #state = 'stopped';
  #progressAtMs: number;
  #commitStartedAtMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#progressAtMs = clock.monotonicMs();
  }

  get state(): string {
    return this.#state;
  }

  set state(state: string) {
    this.#state = state;
    this.#progressed();
  }

  /** A commit begins. `saved`, `failed` or the next state ends it. */
  committing(): void {
    this.#commitStartedAtMs ??= this.#clock.monotonicMs();
  }

  /**
   * A running commit counts by itself, because the stream may go on answering while it hangs. Time spent waiting for the
   * supervisor is no stall.
   */
  stalledMs(): number {
    if (idleStates.includes(this.#state)) return 0;
    return (
      this.#clock.monotonicMs() - Math.min(this.#progressAtMs, this.#commitStartedAtMs ?? Number.POSITIVE_INFINITY)
    );
  }

  #progressed(): void {
    this.#progressAtMs = this.#clock.monotonicMs();
    this.#commitStartedAtMs = null;
  }

  replied(changes: number): void {
    this.#lastReplyAtMs = this.#clock.nowMs();
    this.#progressAtMs = this.#clock.monotonicMs();
    if (changes === 0) return;
    this.#lastChangeAtMs = this.#lastReplyAtMs;
    this.changesTotal += changes;
  }

  /** Readers see a transaction in parts, because it is above the bounds. */
  dividedTransaction(): void {
    this.#dividedTransactions += 1;
  }

  saved(position: Position): void {
    this.#lastPositionSavedAtMs = this.#clock.nowMs();
    this.#savedClusterTimeMs = clusterTimeMs(position.clusterTime);
    this.#progressed();
  }

  failed(error: unknown): void {
    const code = error instanceof EmcachersError ? error.code : 'EMC-5999';
    const message = error instanceof EmcachersError ? error.detail : String(error);
    this.#lastError = { code, message, atMs: this.#clock.nowMs() };
    this.#progressed();
  }

  scanStarted(scan: { entityId: number; estimated: number | null; scannedBefore: number }): void {
    const startedAtMs = this.#clock.monotonicMs();
    this.#scans.set(scan.entityId, { ...scan, scanned: scan.scannedBefore, startedAtMs });
  }

  scannedMore({ entityId, documents }: { entityId: number; documents: number }): void {
    const scan = this.#scans.get(entityId);
    if (scan !== undefined) scan.scanned += documents;
  }

  scanEnded(entityId: number): void {
    this.#scans.delete(entityId);
  }

  channelClosed(): void {
    const fill = this.channelFill();
    this.#operationsHighest = Math.max(this.#operationsHighest, fill.bufferedOperationsMax);
    this.#bytesHighest = Math.max(this.#bytesHighest, fill.bufferedBytesMax);
    this.channelFill = () => emptyFill;
  }

  status(): IngestStatus {
    const fill = this.channelFill();
    return {
      state: this.state,
      streamOpen: this.streamOpen,
      lastChangeAtMs: this.#lastChangeAtMs,
      lastReplyAtMs: this.#lastReplyAtMs,
      lastPositionSavedAtMs: this.#lastPositionSavedAtMs,
      savedClusterTimeMs: this.#savedClusterTimeMs,
      changesTotal: this.changesTotal,
      dividedTransactionsTotal: this.#dividedTransactions,
      lastError: this.#lastError,
      mongo: this.mongo === null ? null : { setName: this.mongo.setName, version: this.mongo.version },
      scans: [...this.#scans.values()].map((scan) => this.#scanStatus(scan)),
      ...fill,
      bufferedOperationsMax: Math.max(this.#operationsHighest, fill.bufferedOperationsMax),
      bufferedBytesMax: Math.max(this.#bytesHighest, fill.bufferedBytesMax),
    };
  }

  #scanStatus({
    entityId,
    scanned,
    scannedBefore,
    estimated,
    startedAtMs,
  }: ScanProgress): IngestStatus['scans'][number] {
    const elapsedMs = this.#clock.monotonicMs() - startedAtMs;
    const ratePerSecond = elapsedMs > 0 ? ((scanned - scannedBefore) * 1000) / elapsedMs : null;
    return { entityId, scanned, estimated, ratePerSecond };
  }
}
