/**
 * The stream into the oplog, for one opening of the stream: a producer that converts, a consumer that commits, and the
 * channel between them, so that converting one batch overlaps committing the one before.
 *
 * Keeps I2: an entry's position is committed with it, and an idle position only when nothing is in flight. Keeps I6: one
 * producer, one consumer, one channel. The worst that can happen: a position saved ahead of its entries would lose them
 * without a trace, so positions are handed to the writer in two places only, both in this file.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ChangeStream } from '../change-source/change-source.ts';
import type { ChangeBatch } from '../change-source/change-source-types.ts';
import type { Position } from '../change-source/position.ts';
import { tokenPosition } from '../change-source/resume-token.ts';
import { type Conversion, convertEvent, type Routes } from '../change-source/to-operation.ts';
import type { Channel, ChannelBatch, Weighed } from '../channel/channel.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { AppendBatch, DeadLetter } from '../oplog/oplog-types.ts';
import type { IngestFacts } from './ingest-facts.ts';
import { type StreamIdentity, toStreamPosition } from './ingest-position.ts';

/** One change event, converted; it counts as one operation at least, so that events for nobody are bounded too. */
export interface ConvertedEvent extends Weighed {
  readonly conversion: Conversion;
  readonly token: Uint8Array;
}

export interface StreamFlowDependencies {
  readonly stream: ChangeStream;
  readonly routes: Routes;
  readonly channel: Channel<ConvertedEvent>;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly clock: Clock;
  readonly identity: StreamIdentity;
  /** `_data` of the saved token where the stream was opened by its time: changes up to it are in the oplog already. */
  readonly skipThrough: string | null;
  /** On a sharded cluster a high-water mark says that everything before its time has come, not at its time. */
  readonly isSharded: boolean;
  /** Told when a commit is a reason to look at the entities: one must be scanned again, or the awaited time has passed. */
  readonly onNews: () => void;
}

export interface StreamFlowOptions {
  /** Least time between two saves of an idle position. */
  readonly idleSaveMs: number;
  /** Events converted before other work gets its turn. */
  readonly eventsPerTurn: number;
}

export const streamFlowDefaults: StreamFlowOptions = { idleSaveMs: 1000, eventsPerTurn: 256 };

export class StreamFlow {
  readonly #dependencies: StreamFlowDependencies;
  readonly #options: StreamFlowOptions;
  #idleSavedAtMs = Number.NEGATIVE_INFINITY;
  #idleData: string | null = null;
  #skipThrough: string | null;
  #passedTime = 0n;
  #committedTime: bigint;
  /** Set while an entity waits for its end time: then an idle position is saved at once. */
  awaitedTime: bigint | null = null;
  progressed = false;

  constructor(dependencies: StreamFlowDependencies, start: Position, options: StreamFlowOptions = streamFlowDefaults) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#committedTime = start.clusterTime;
    this.#skipThrough = dependencies.skipThrough;
  }

  /** Every change up to and including this cluster time is in the oplog or in staging. */
  get passedTime(): bigint {
    return this.#passedTime;
  }

  /** Cluster time of the newest committed position: a scan must not read anything older. */
  get committedTime(): bigint {
    return this.#committedTime;
  }

  /** Reads until the server ends the stream or an error; always ends in an error, since a stream has no end. */
  async produce(): Promise<never> {
    const { stream, facts } = this.#dependencies;
    for (;;) {
      const batch = await stream.next();
      if (batch === null)
        throw new EmcachersError({ code: 'EMC-2004', detail: 'MongoDB closed the change stream without an error.' });
      facts.replied(batch.events.length);
      await this.#offerAll(batch);
      if (batch.events.length === 0 && batch.end !== null) await this.#saveIdle(batch.end);
    }
  }

  /** Commits batch after batch until the channel is closed and empty. */
  async consume(): Promise<void> {
    const { channel, writer, facts, identity } = this.#dependencies;
    for (let batch = await channel.take(); batch !== null; batch = await channel.take()) {
      const last = batch.items.at(-1);
      if (last === undefined) throw new Error('The channel handed out an empty batch.');
      const position = tokenPosition(last.token);
      const { rescans } = await writer.append(toAppendBatch(batch, toStreamPosition(position, identity)));
      channel.acknowledge(batch);
      // Other events may share the last one's cluster time, so only what is before it has been passed.
      this.progressed = true;
      this.#committed(position, position.clusterTime - 1n);
      facts.saved(position);
      if (rescans.length > 0) this.#dependencies.onNews();
    }
  }

  async #offerAll(batch: ChangeBatch): Promise<void> {
    const { channel, routes } = this.#dependencies;
    let converted = 0;
    for (const { event, token } of batch.events) {
      if (this.#skipThrough !== null && this.#isKnown(tokenPosition(token))) continue;
      if (event.kind === 'invalidated')
        throw new EmcachersError({ code: 'EMC-2003', detail: 'MongoDB invalidated the change stream.' });
      const conversion = convertEvent(event, routes);
      const operations = Math.max(1, conversion.items.length);
      const item: ConvertedEvent = { conversion, token, operations, bytes: conversion.bytes + token.length };
      while (!channel.offer(item)) await channel.room();
      converted++;
      if (converted % this.#options.eventsPerTurn === 0) await turn();
    }
  }

  /** Whether the saved position covers this one already; false for good from the first that it does not cover. */
  #isKnown(position: Position): boolean {
    if (this.#skipThrough === null || position.kind === 'time') return false;
    if (position.data <= this.#skipThrough) return true;
    this.#skipThrough = null;
    return false;
  }

  /** The reply was empty: its end covers everything before it, so it may be saved when all of that is durable. */
  async #saveIdle(end: Position): Promise<void> {
    const { channel, writer, clock, facts, identity, isSharded } = this.#dependencies;
    if (!channel.isEmpty() || this.#isKnown(end)) return;
    const passed = isSharded ? end.clusterTime - 1n : end.clusterTime;
    if (end.kind === 'token' && end.data === this.#idleData) return;
    const isAwaited = this.awaitedTime !== null && passed >= this.awaitedTime && this.#passedTime < this.awaitedTime;
    const nowMs = clock.monotonicMs();
    if (!isAwaited && nowMs - this.#idleSavedAtMs < this.#options.idleSaveMs) return;
    await writer.savePosition(toStreamPosition(end, identity));
    this.#idleSavedAtMs = nowMs;
    this.#idleData = end.kind === 'token' ? end.data : null;
    if (end.clusterTime > this.#committedTime) this.progressed = true;
    this.#committed(end, passed);
    facts.saved(end);
  }

  #committed(position: Position, passedTime: bigint): void {
    const { awaitedTime } = this;
    if (awaitedTime !== null && this.#passedTime < awaitedTime && passedTime >= awaitedTime)
      this.#dependencies.onNews();
    if (position.clusterTime > this.#committedTime) this.#committedTime = position.clusterTime;
    if (passedTime > this.#passedTime) this.#passedTime = passedTime;
  }
}

function toAppendBatch(batch: ChannelBatch<ConvertedEvent>, position: AppendBatch['position']): AppendBatch {
  const conversions = batch.items.map(({ conversion }) => conversion);
  return {
    items: conversions.flatMap(({ items }) => items),
    deadLetters: lastingDeadLetters(conversions),
    coercionErrors: conversions.flatMap(({ coercionErrors }) => coercionErrors),
    position,
  };
}

/** Dead letters whose document had no later change in the batch: a good change heals, whatever came before it. */
function lastingDeadLetters(conversions: readonly Conversion[]): readonly DeadLetter[] {
  if (conversions.every(({ deadLetters }) => deadLetters.length === 0)) return [];
  const lasting = new Map<string, DeadLetter>();
  for (const { items, deadLetters } of conversions) {
    for (const item of items) if ('docId' in item) lasting.delete(`${item.entityId} ${item.docId}`);
    for (const letter of deadLetters) lasting.set(`${letter.entityId} ${letter.docId}`, letter);
  }
  return [...lasting.values()];
}
