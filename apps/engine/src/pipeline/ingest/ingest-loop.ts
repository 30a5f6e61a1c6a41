/**
 * Drives the state machine of `ingest-state.ts`: performs the action of the current state and feeds the outcome back. The
 * transitions live there, free of input and output. Keeps I2 and I9 by reading the position from PostgreSQL before every
 * opening. Worst case: discarding a good position costs a full scan, and keeping a lost one stops ingest; `stream-errors.ts`
 * distinguishes the two.
 */
import { type BackoffOptions, backoffDelayMs } from '@emcachers/core/backoff';
import type { Clock } from '@emcachers/core/clock';
import { rowBytesMaxDefault } from '@emcachers/core/document/projection';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { unreachable } from '@emcachers/core/unreachable';
import type { MongoSource } from '../change-source/change-source.ts';
import { largeDocumentBytesDefault } from '../change-source/large-documents.ts';
import type { Position } from '../change-source/position.ts';
import { classifyStreamError, toStreamError } from '../change-source/stream-errors.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import { transactionDefaults } from './change-units.ts';
import type { Ingest, IngestEntities } from './ingest.ts';
import { IngestFacts } from './ingest-facts.ts';
import { historyDifference } from './ingest-history.ts';
import { type DocumentLimits, type IngestOptions, ingestDefaults } from './ingest-options.ts';
import { fromStreamPosition, type StreamIdentity, toStreamPosition } from './ingest-position.ts';
import { runSession, type SessionEnd } from './ingest-session.ts';
import { type IngestInput, type IngestState, transition } from './ingest-state.ts';

export interface IngestDependencies {
  readonly source: MongoSource;
  readonly writer: OplogWriter;
  readonly entities: IngestEntities;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1), for the jitter of delays. */
  readonly random: () => number;
  readonly options?: Partial<IngestOptions>;
}

const retryDelayMsBase = 200;

export const documentDefaults: DocumentLimits = {
  rowBytesMax: rowBytesMaxDefault,
  largeDocumentBytes: largeDocumentBytesDefault,
  ...transactionDefaults,
};

export function createIngest(dependencies: IngestDependencies): Ingest {
  return new IngestLoop(dependencies);
}

class IngestLoop implements Ingest {
  readonly name = 'ingest';
  readonly #dependencies: IngestDependencies;
  readonly #options: IngestOptions;
  readonly #backoff: BackoffOptions;
  readonly #facts: IngestFacts;
  readonly #scanFailures = new Map<string, number>();
  #wake: () => void = () => undefined;
  /** Version of the saved position, as last read. */
  #identity: StreamIdentity = { version: 0, pipelineHash: null, sourceId: null };

  constructor(dependencies: IngestDependencies) {
    this.#dependencies = dependencies;
    this.#options = { ...documentDefaults, ...ingestDefaults, ...dependencies.options };
    this.#backoff = { delayMsBase: retryDelayMsBase, delayMsMax: this.#options.retryDelayMsMax };
    this.#facts = new IngestFacts(dependencies.clock);
  }

  wake(): void {
    this.#wake();
  }

  status(): ReturnType<Ingest['status']> {
    return this.#facts.status();
  }

  flow(): ReturnType<Ingest['flow']> {
    return this.#facts.flow.totals();
  }

  stalledMs(): number {
    return this.#facts.stalledMs();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#dependencies;
    let state: IngestState = { kind: 'reading-position', failures: 0 };
    while (state.kind !== 'stopped' && state.kind !== 'failed') {
      this.#facts.state = state.kind;
      const input: IngestInput = signal.aborted ? { kind: 'stop' } : await this.#perform(state, signal);
      const next = transition(state, input);
      log.debug({ from: state.kind, input: input.kind, to: next.kind }, 'Ingest changed state.');
      state = next;
    }
    this.#facts.state = state.kind;
    if (state.kind === 'failed') throw state.error;
  }

  async #perform(state: IngestState, signal: AbortSignal): Promise<IngestInput> {
    try {
      return await this.#act(state, signal);
    } catch (error) {
      return signal.aborted ? { kind: 'stop' } : this.#inputOf(error, false);
    }
  }

  async #act(state: IngestState, signal: AbortSignal): Promise<IngestInput> {
    const { clock, random, source, writer } = this.#dependencies;
    switch (state.kind) {
      case 'reading-position':
        return this.#readPosition(signal);
      case 'taking-position': {
        const position: Position = { kind: 'time', clusterTime: await source.operationTime() };
        await writer.savePosition(toStreamPosition(position, this.#identity));
        this.#facts.saved(position);
        return { kind: 'position-taken', position };
      }
      case 'streaming':
        return this.#stream(state.position, signal);
      case 'resetting':
        return this.#resetPosition(state.error);
      case 'waiting':
        await clock.sleep(backoffDelayMs(state.failures, this.#backoff, random), signal);
        return { kind: 'waited' };
      case 'stopped':
      case 'failed':
        throw new Error(`State ${state.kind} has no action.`);
      default:
        return unreachable(state);
    }
  }

  async #resetPosition({ code, detail }: EmcachersError): Promise<IngestInput> {
    const { writer, log } = this.#dependencies;
    log.warn({ code, reason: detail }, 'Change stream position lost; rescanning every entity.');
    await writer.resetPosition({ reason: detail, errorCode: code });
    return { kind: 'position-reset' };
  }

  /** Throws EMC-2009 if the position belongs to another history than MongoDB has now. */
  async #readPosition(signal: AbortSignal): Promise<IngestInput> {
    const { source, writer } = this.#dependencies;
    const server = await source.describe();
    this.#facts.mongo = server;
    const { version, position } = await writer.readPosition();
    this.#identity = { version, pipelineHash: position?.pipelineHash ?? null, sourceId: server.sourceId };
    if (position === null) return { kind: 'position-absent' };
    const difference = await historyDifference(source, { saved: position, server }, signal);
    if (difference !== null) throw new EmcachersError({ code: 'EMC-2009', detail: difference });
    return { kind: 'position-found', position: fromStreamPosition(position) };
  }

  async #stream(position: Position, signal: AbortSignal): Promise<IngestInput> {
    const { options: _, random: __, ...parts } = this.#dependencies;
    const dependencies = { ...parts, facts: this.#facts, options: this.#options, scanFailures: this.#scanFailures };
    const onWake = (wake: () => void): void => {
      this.#wake = wake;
    };
    const end: SessionEnd = await runSession(dependencies, { ...this.#identity, position, signal, onWake });
    switch (end.kind) {
      case 'stop':
        return end;
      case 'error':
        return this.#inputOf(end.error, end.progressed);
      default:
        return unreachable(end);
    }
  }

  /** Maps an error to the input for the state machine, and records it for the status and the log. */
  #inputOf(cause: unknown, progressed: boolean): IngestInput {
    const error = toStreamError(cause);
    this.#facts.failed(error);
    this.#dependencies.log.warn({ err: cause }, 'Ingest failed.');
    if (!(error instanceof EmcachersError)) return { kind: 'fatal', error };
    const kind = error === cause ? kindOfCode(error.code) : classifyStreamError(cause);
    if (kind === 'fatal') return { kind: 'fatal', error };
    return kind === 'lost' ? { kind: 'lost', error } : { kind: 'interrupted', error, progressed };
  }
}

/** Classifies errors that we raise ourselves. PostgreSQL errors end the run; the leader's supervisor decides what follows. */
function kindOfCode(code: EmcachersError['code']): 'lost' | 'resumable' | 'fatal' {
  if (code === 'EMC-2003' || code === 'EMC-2009') return 'lost';
  return code === 'EMC-2001' || code === 'EMC-2004' || code === 'EMC-2006' ? 'resumable' : 'fatal';
}
