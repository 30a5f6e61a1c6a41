/**
 * Writes one opened stream to the oplog: a producer converts events, a consumer commits batches, and the channel between them
 * lets the conversion of one batch overlap the commit of the previous one. When the set of collections changes, another stream
 * takes the opened one's place between two of its replies, and nothing else stops.
 *
 * Keeps I2: an entry's position commits with the entry, and an idle position is saved only when nothing is in flight. Keeps I6:
 * one producer, one consumer, one channel. Worst case: a position saved ahead of its entries loses them silently, so only two
 * places pass positions to the writer, both in this file.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { unlessAborted } from '../../runtime/abort.ts';
import type { ChangeStream } from '../change-source/change-source.ts';
import type { ChangeBatch } from '../change-source/change-source-types.ts';
import type { Position } from '../change-source/position.ts';
import { tokenPosition } from '../change-source/resume-token.ts';
import { convertEvent, type Routes } from '../change-source/to-operation.ts';
import type { ChannelBatch } from '../channel/channel.ts';
import type { EntityColumnCounts } from '../oplog/oplog-types.ts';
import { toAppendBatch } from './append-batch.ts';
import { type ChangeUnit, ChangeUnits, type ConvertedChange } from './change-units.ts';
import { toStreamPosition } from './ingest-position.ts';
import type {
  DeliveredUnit,
  FollowedStream,
  StreamFlowDependencies,
  StreamFlowOptions,
  StreamFlowStart,
} from './stream-flow-types.ts';

interface Successor {
  readonly next: FollowedStream;
  readonly taken: PromiseWithResolvers<void>;
}

/** Converting this many takes a few milliseconds, which is how long health checks may wait. */
const changesPerTurn = 256;

export class StreamFlow {
  readonly #dependencies: StreamFlowDependencies;
  readonly #options: StreamFlowOptions;
  readonly #units: ChangeUnits;
  /** Position of the newest reply if it was empty and came while units before it were on their way. */
  #settled: Position | null = null;
  #followed: FollowedStream;
  #successor: Successor | null = null;
  /** Of the followed stream, which accepts one request at a time; kept while another stream is announced. */
  #reply: Promise<ChangeBatch | null> | null = null;
  /** Aborts when another stream waits to take over. A promise that stays pending would keep a reaction for each reply. */
  #announced = new AbortController();
  /** Closing streams that were replaced. */
  readonly #closing = new Set<Promise<void>>();
  /** Of the newest position that the stream has delivered; null while only the start is known. */
  #deliveredData: string | null;
  #deliveredTime: bigint;
  #idleSavedAtMs = Number.NEGATIVE_INFINITY;
  /** Of the saved position; null while it is a time without a token. */
  #savedData: string | null;
  /** Saved with it; 0 while it is unknown. */
  #savedPassed = 0n;
  #skipThrough: string | null;
  #passedTime = 0n;
  /** Replaced whenever `passedTime` grows. */
  #passing = Promise.withResolvers<void>();
  #isHurried = false;
  #committedTime: bigint;
  /** Set while an entity waits for its end time. An idle position is then saved immediately. */
  awaitedTime: bigint | null = null;
  progressed = false;

  constructor(dependencies: StreamFlowDependencies, start: StreamFlowStart) {
    this.#dependencies = dependencies;
    this.#options = start.options;
    this.#units = new ChangeUnits(this.#options.units, dependencies.onDivided);
    this.#followed = start.followed;
    this.#committedTime = start.position.clusterTime;
    this.#deliveredTime = start.position.clusterTime;
    this.#deliveredData = start.position.kind === 'token' ? start.position.data : null;
    this.#savedData = this.#deliveredData;
    this.#skipThrough = dependencies.skipThrough;
  }

  /** No change that the stream has delivered has a later cluster time. */
  get deliveredTime(): bigint {
    return this.#deliveredTime;
  }

  /**
   * Continues with another stream, which must have been opened at `deliveredTime`, inclusive, or earlier; what it repeats is
   * skipped. Resolves when it has taken the place of the present one, before its first change. Never resolves if the session
   * ends first. Call it again only after it has resolved.
   */
  follow(next: FollowedStream): Promise<void> {
    const taken = Promise.withResolvers<void>();
    this.#successor = { next, taken };
    this.#announced.abort();
    return taken.promise;
  }

  /** Closes the stream, one that waits to take its place, and waits for those that it replaced. */
  async close(): Promise<void> {
    this.#close(this.#followed.stream);
    if (this.#successor !== null) this.#close(this.#successor.next.stream);
    await Promise.all(this.#closing);
  }

  #close(stream: ChangeStream): void {
    const closing = stream.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #requestReply(): Promise<ChangeBatch | null> {
    const reply = this.#followed.stream.next();
    // If the stream is replaced first, nobody awaits the reply. A later await still rejects.
    reply.catch(() => undefined);
    return reply;
  }

  /** Replaces the stream if another one waits. Changes up to the last delivered one are skipped when they are repeated. */
  #takeOver(): void {
    if (this.#successor === null) return;
    const { next, taken } = this.#successor;
    const { stream } = this.#followed;
    this.#successor = null;
    this.#announced = new AbortController();
    this.#followed = next;
    next.stream.hurry(this.#isHurried);
    if (next.stream !== stream) {
      this.#skipThrough = this.#deliveredData;
      this.#reply = null;
      // It says nothing of the collections that only the new stream has.
      this.#settled = null;
      this.#close(stream);
    }
    taken.resolve();
  }

  /** Null if another stream, or another set of entities, waits to be taken over first. */
  async #nextBatch(): Promise<ChangeBatch | null> {
    this.#reply ??= this.#requestReply();
    const received = this.#reply.then((batch) => ({ batch }));
    const reply = await unlessAborted(received, this.#announced.signal);
    if (reply === null) return null;
    this.#reply = null;
    if (reply.batch !== null) return reply.batch;
    throw new EmcachersError({ code: 'EMC-2004', detail: 'MongoDB closed the change stream without an error.' });
  }

  /** Every change up to and including this cluster time is in the oplog or in staging. */
  get passedTime(): bigint {
    return this.#passedTime;
  }

  /** Resolves when the stream has passed the time, or the signal aborts. */
  async untilPassed(time: bigint, signal: AbortSignal): Promise<void> {
    while (this.#passedTime < time && !signal.aborted) await unlessAborted(this.#passing.promise, signal);
  }

  /** While true, the stream is asked for its position often, because somebody waits for it. */
  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried;
    this.#followed.stream.hurry(isHurried);
  }

  /** Cluster time of the newest committed position. */
  get committedTime(): bigint {
    return this.#committedTime;
  }

  /** Reads until the server closes the stream or an error occurs. Always rejects, because a stream has no end. */
  async produce(): Promise<never> {
    const { facts } = this.#dependencies;
    for (;;) {
      this.#takeOver();
      const batch = await this.#nextBatch();
      if (batch === null) continue;
      facts.replied(batch.events.length);
      await this.#convertAll(batch);
      this.#delivered(batch);
      await this.#endReply(batch);
      if (batch.events.length === 0 && batch.end !== null) await this.#idle(batch.end);
    }
  }

  /** Commits batch after batch until the channel is closed and empty. */
  async consume(): Promise<void> {
    const { channel, writer, facts, identity } = this.#dependencies;
    for (let batch = await channel.take(); batch !== null; batch = await channel.take()) {
      const lastUnit = batch.items.at(-1);
      const last = lastUnit?.changes.at(-1);
      if (lastUnit === undefined || last === undefined) throw new Error('The channel returned an empty batch.');
      const position = tokenPosition(last.token);
      const columnCounts = this.#takeColumnCounts();
      const { pipelineHash } = last;
      const passedTime = this.#passedAfter(lastUnit.passedTime, batch);
      const saved = {
        ...toStreamPosition(position, { ...identity, pipelineHash }),
        changeToken: last.token,
        passedTime,
      };
      facts.committing();
      const work = toAppendBatch(batch);
      const { rescans } = await writer.append({ ...work, columnCounts, position: saved });
      this.progressed = true;
      facts.flow.committed(work);
      this.#committed(position, passedTime);
      this.#passed(passedTime);
      facts.saved(position);
      await this.#saveSettled(batch);
      channel.acknowledge(batch);
      if (rescans.length > 0) this.#dependencies.onNews();
    }
  }

  /** The settled position if nothing but this batch is on its way; null otherwise. */
  #settledBy(batch: ChannelBatch<DeliveredUnit>): Position | null {
    const isLast = this.#dependencies.channel.fill().bufferedOperations === batch.operations && this.#units.isEmpty();
    return isLast ? this.#settled : null;
  }

  #passedAfter(passedTime: bigint, batch: ChannelBatch<DeliveredUnit>): bigint {
    const settled = this.#settledBy(batch);
    return settled === null ? passedTime : this.#passedBy(settled);
  }

  /** Readers wait for it: the next reply may come late. Before the acknowledgement, so that the producer does not save too. */
  async #saveSettled(batch: ChannelBatch<DeliveredUnit>): Promise<void> {
    const settled = this.#settledBy(batch);
    if (settled !== null) await this.#saveIfDue(settled);
  }

  #takeColumnCounts(): readonly EntityColumnCounts[] {
    return this.#followed.routes.all.flatMap(({ entityId, tally }) => {
      const counts = tally.take();
      return counts === null ? [] : [{ entityId, counts }];
    });
  }

  /** Later changes may share the cluster time of the last one, so by default only times before it are complete. */
  async #offer(unit: ChangeUnit | null, passedAfter: bigint | null = null): Promise<void> {
    const last = unit?.changes.at(-1);
    if (unit === null || last === undefined) return;
    const delivered = { ...unit, passedTime: passedAfter ?? tokenPosition(last.token).clusterTime - 1n };
    if (!this.#dependencies.channel.offer(delivered)) await this.#offerLater(delivered);
  }

  /** Nothing is dropped: the stream waits until the channel has room. */
  async #offerLater(unit: DeliveredUnit): Promise<void> {
    const { channel, clock, facts } = this.#dependencies;
    const startedAtMs = clock.monotonicMs();
    do await channel.room();
    while (!channel.offer(unit));
    facts.flow.blocked(entityIdsOf(unit), clock.monotonicMs() - startedAtMs);
  }

  async #endReply(batch: ChangeBatch): Promise<void> {
    const isEmpty = batch.events.length === 0;
    const unit = this.#units.endReply({ isEmpty, isLevel: batch.isLevel });
    if (batch.end === null) return this.#offer(unit);
    await this.#offer(unit, isEmpty ? this.#passedBy(batch.end) : batch.end.clusterTime - 1n);
  }

  /** Up to which time an empty reply with this position says that every change has arrived. */
  #passedBy(end: Position): bigint {
    return this.#dependencies.isSharded ? end.clusterTime - 1n : end.clusterTime;
  }

  async #convertAll(batch: ChangeBatch): Promise<void> {
    let converted = 0;
    if (batch.events.length > 0) this.#settled = null;
    for (const change of batch.events) {
      if (this.#skipThrough !== null && this.#isKnown(tokenPosition(change.token))) continue;
      const item = await this.#convert(change);
      await this.#offer(this.#units.add(item));
      converted++;
      if (converted % changesPerTurn === 0) await turn();
    }
  }

  async #convert(change: ChangeBatch['events'][number]): Promise<ConvertedChange> {
    const { routes, pipelineHash } = this.#followed;
    await this.#dependencies.largeDocuments.prepare(change.event, routes);
    return { ...toConvertedChange(change, routes), pipelineHash };
  }

  #delivered({ events, end: covered }: ChangeBatch): void {
    const last = events.at(-1);
    const end = covered ?? (last === undefined ? null : tokenPosition(last.token));
    if (end === null) return;
    if (end.clusterTime > this.#deliveredTime) this.#deliveredTime = end.clusterTime;
    if (end.kind === 'token' && (this.#deliveredData ?? '') < end.data) this.#deliveredData = end.data;
  }

  /** True if an earlier stream, or the saved position, already covers this change. Once false, it stays false. */
  #isKnown(position: Position): boolean {
    if (this.#skipThrough === null || position.kind === 'time') return false;
    if (position.data <= this.#skipThrough) return true;
    this.#skipThrough = null;
    return false;
  }

  /** After an empty reply: everything before its position is durable once nothing is in flight. */
  async #idle(end: Position): Promise<void> {
    const { channel } = this.#dependencies;
    if (!this.#units.isEmpty()) return;
    this.#settled = end;
    if (!channel.isEmpty()) return;
    await this.#saveIfDue(end);
  }

  async #saveIfDue(end: Position): Promise<void> {
    const passed = this.#passedBy(end);
    if (this.#isIdleSaveDue(end, passed)) await this.#saveIdle(end, passed);
    this.#passed(passed);
  }

  #isIdleSaveDue(end: Position, passed: bigint): boolean {
    const order = this.#orderToSaved(end);
    if (order < 0 || (order === 0 && passed <= this.#savedPassed)) return false;
    if (this.#committedTime < (this.awaitedTime ?? 0n) && end.clusterTime >= (this.awaitedTime ?? 0n)) return true;
    return this.#dependencies.clock.monotonicMs() - this.#idleSavedAtMs >= this.#options.idleSaveMs;
  }

  /** Negative, zero or positive, as the position is before, at or after the saved one. */
  #orderToSaved(position: Position): number {
    const savedData = this.#savedData ?? '';
    if (position.kind === 'time' || position.data > savedData) return 1;
    return position.data === savedData ? 0 : -1;
  }

  async #saveIdle(end: Position, passedTime: bigint): Promise<void> {
    const { writer, clock, facts, identity } = this.#dependencies;
    const { pipelineHash } = this.#followed;
    const startedAtMs = clock.monotonicMs();
    await writer.savePosition({ ...toStreamPosition(end, { ...identity, pipelineHash }), passedTime });
    this.#idleSavedAtMs = startedAtMs;
    if (end.clusterTime > this.#committedTime) this.progressed = true;
    this.#committed(end, passedTime);
    facts.saved(end);
  }

  /** Called after the position that proves it is saved, so that a promotion which waits for this time finds it saved. */
  #passed(time: bigint): void {
    if (time <= this.#passedTime) return;
    const isAwaited = this.awaitedTime !== null && this.#passedTime < this.awaitedTime && time >= this.awaitedTime;
    this.#passedTime = time;
    this.#passing.resolve();
    this.#passing = Promise.withResolvers();
    if (isAwaited) this.#dependencies.onNews();
  }

  #committed(position: Position, passedTime: bigint): void {
    if (passedTime > this.#savedPassed) this.#savedPassed = passedTime;
    if (position.kind === 'token') this.#savedData = position.data;
    if (position.clusterTime > this.#committedTime) this.#committedTime = position.clusterTime;
  }
}

function entityIdsOf({ changes }: ChangeUnit): ReadonlySet<number> {
  const conversions = changes.map(({ conversion }) => [...conversion.items, ...conversion.deadLetters]);
  return new Set(conversions.flat().map(({ entityId }) => entityId));
}

/** Throws EMC-2003 if the event invalidates the stream. */
function toConvertedChange(
  { event, token, transaction }: ChangeBatch['events'][number],
  routes: Routes,
): Omit<ConvertedChange, 'pipelineHash'> {
  if (event.kind === 'invalidated')
    throw new EmcachersError({ code: 'EMC-2003', detail: 'MongoDB invalidated the change stream.' });
  const conversion = convertEvent(event, routes);
  const operations = Math.max(1, conversion.items.length);
  return { conversion, token, transaction, operations, bytes: conversion.bytes + token.length };
}
