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
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { unlessAborted } from '../../runtime/abort.ts';
import type { ChangeStream } from '../change-source/change-source.ts';
import type { ChangeBatch } from '../change-source/change-source-types.ts';
import type { LargeDocuments } from '../change-source/large-documents.ts';
import type { Position } from '../change-source/position.ts';
import { tokenPosition } from '../change-source/resume-token.ts';
import { type Conversion, convertEvent, type Routes } from '../change-source/to-operation.ts';
import type { Channel, ChannelBatch } from '../channel/channel.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { AppendBatch, AppendItem, DeadLetter, EntityColumnCounts } from '../oplog/oplog-types.ts';
import { type ChangeUnit, ChangeUnits, type ConvertedChange, type UnitOptions } from './change-units.ts';
import type { IngestFacts } from './ingest-facts.ts';
import { type StreamIdentity, toStreamPosition } from './ingest-position.ts';

/** An opened stream, and the entities that its changes are for. */
export interface FollowedStream {
  readonly stream: ChangeStream;
  readonly routes: Routes;
  /** Of the stream's pipeline. */
  readonly pipelineHash: string;
}

export interface StreamFlowDependencies {
  readonly largeDocuments: LargeDocuments;
  readonly channel: Channel<ChangeUnit>;
  readonly writer: OplogWriter;
  readonly facts: IngestFacts;
  readonly clock: Clock;
  readonly identity: Omit<StreamIdentity, 'pipelineHash'>;
  /** `_data` of the saved token if the stream was opened at its time: changes up to it are already in the oplog. */
  readonly skipThrough: string | null;
  /** True on a sharded cluster, where a high-water mark means that all changes before its time have arrived, but not those at its time. */
  readonly isSharded: boolean;
  /** Called when a commit makes a check of the entities necessary: one needs a rescan, or the awaited time has passed. */
  readonly onNews: () => void;
  /** Called for each transaction that readers see in parts, because it is above the bounds. */
  readonly onDivided: () => void;
}

export interface StreamFlowOptions {
  /** Shortest interval between two saves of an idle position, milliseconds. */
  readonly idleSaveMs: number;
  /** Events converted before yielding to other work. */
  readonly changesPerTurn: number;
  readonly units: UnitOptions;
}

export interface StreamFlowStart {
  readonly followed: FollowedStream;
  readonly position: Position;
  readonly options: Pick<StreamFlowOptions, 'units'> & Partial<StreamFlowOptions>;
}

interface Successor {
  readonly next: FollowedStream;
  readonly taken: PromiseWithResolvers<void>;
}

const streamFlowDefaults = { idleSaveMs: 1000, changesPerTurn: 256 };

export class StreamFlow {
  readonly #dependencies: StreamFlowDependencies;
  readonly #options: StreamFlowOptions;
  readonly #units: ChangeUnits;
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
    this.#options = { ...streamFlowDefaults, ...start.options };
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
      await this.#offer(this.#units.endReply({ isEmpty: batch.events.length === 0, isLevel: batch.isLevel }));
      if (batch.events.length === 0 && batch.end !== null) await this.#idle(batch.end);
    }
  }

  /** Commits batch after batch until the channel is closed and empty. */
  async consume(): Promise<void> {
    const { channel, writer, facts, identity } = this.#dependencies;
    for (let batch = await channel.take(); batch !== null; batch = await channel.take()) {
      const last = batch.items.at(-1)?.changes.at(-1);
      if (last === undefined) throw new Error('The channel returned an empty batch.');
      const position = tokenPosition(last.token);
      const columnCounts = this.#takeColumnCounts();
      const { pipelineHash } = last;
      const saved = { ...toStreamPosition(position, { ...identity, pipelineHash }), changeToken: last.token };
      facts.committing();
      const { rescans } = await writer.append({ ...toAppendBatch(batch), columnCounts, position: saved });
      channel.acknowledge(batch);
      // Later events may share the last event's cluster time, so only times before it are complete.
      this.progressed = true;
      this.#committed(position);
      this.#passed(position.clusterTime - 1n);
      facts.saved(position);
      if (rescans.length > 0) this.#dependencies.onNews();
    }
  }

  #takeColumnCounts(): readonly EntityColumnCounts[] {
    return this.#followed.routes.all.flatMap(({ entityId, tally }) => {
      const counts = tally.take();
      return counts === null ? [] : [{ entityId, counts }];
    });
  }

  async #offer(unit: ChangeUnit | null): Promise<void> {
    if (unit === null) return;
    const { channel } = this.#dependencies;
    while (!channel.offer(unit)) await channel.room();
  }

  async #convertAll(batch: ChangeBatch): Promise<void> {
    let converted = 0;
    for (const change of batch.events) {
      if (this.#skipThrough !== null && this.#isKnown(tokenPosition(change.token))) continue;
      await this.#offer(this.#units.add(await this.#convert(change)));
      converted++;
      if (converted % this.#options.changesPerTurn === 0) await turn();
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
    const { channel, isSharded } = this.#dependencies;
    if (!channel.isEmpty() || !this.#units.isEmpty()) return;
    const passed = isSharded ? end.clusterTime - 1n : end.clusterTime;
    if (this.#isIdleSaveDue(end)) await this.#saveIdle(end);
    this.#passed(passed);
  }

  #isIdleSaveDue(end: Position): boolean {
    if (end.kind === 'token' && end.data <= (this.#savedData ?? '')) return false;
    if (this.#committedTime < (this.awaitedTime ?? 0n) && end.clusterTime >= (this.awaitedTime ?? 0n)) return true;
    return this.#dependencies.clock.monotonicMs() - this.#idleSavedAtMs >= this.#options.idleSaveMs;
  }

  async #saveIdle(end: Position): Promise<void> {
    const { writer, clock, facts, identity } = this.#dependencies;
    const { pipelineHash } = this.#followed;
    const startedAtMs = clock.monotonicMs();
    await writer.savePosition(toStreamPosition(end, { ...identity, pipelineHash }));
    this.#idleSavedAtMs = startedAtMs;
    if (end.clusterTime > this.#committedTime) this.progressed = true;
    this.#committed(end);
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

  #committed(position: Position): void {
    if (position.kind === 'token') this.#savedData = position.data;
    if (position.clusterTime > this.#committedTime) this.#committedTime = position.clusterTime;
  }
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

function toAppendBatch(batch: ChannelBatch<ChangeUnit>): Pick<AppendBatch, 'items' | 'deadLetters'> {
  const conversions = batch.items.flatMap(({ changes }) => changes.map(({ conversion }) => conversion));
  return { items: batch.items.flatMap(itemsOf), deadLetters: lastingDeadLetters(conversions) };
}

function itemsOf({ changes, isTogether }: ChangeUnit): readonly AppendItem[] {
  const items = changes.flatMap(({ conversion }) => conversion.items);
  const last = changes.at(-1);
  if (!isTogether || items.length < 2 || last === undefined) return items;
  const unit = unitNumber(tokenPosition(last.token).clusterTime);
  return items.map((item) => ('docId' in item ? { ...item, unit } : item));
}

/** Differs between units that follow each other, also across leaders. From 1 to 2^31 - 1. */
function unitNumber(clusterTime: bigint): number {
  const seconds = clusterTime >> 32n;
  const ordinal = clusterTime & 0xffff_ffffn;
  return 1 + Number((seconds * 1_000_003n + ordinal) % 0x7fff_fffen);
}

/**
 * Dead letters whose document has no later good change in the batch, which removes an earlier dead letter. If a document was
 * refused several times, its newest dead letter counts them.
 */
function lastingDeadLetters(conversions: readonly Conversion[]): readonly DeadLetter[] {
  if (conversions.every(({ deadLetters }) => deadLetters.length === 0)) return [];
  const lasting = new Map<string, DeadLetter>();
  for (const { items, deadLetters } of conversions) {
    const refused = deadLetters.map((letter) => ({ ...letter, attempts: attemptsOf(lasting, letter) + 1 }));
    const changed = items.filter((item) => 'docId' in item);
    for (const item of changed) lasting.delete(keyOf(item));
    for (const letter of refused) lasting.set(keyOf(letter), letter);
  }
  return [...lasting.values()];
}

function attemptsOf(letters: ReadonlyMap<string, DeadLetter>, letter: DeadLetter): number {
  return letters.get(keyOf(letter))?.attempts ?? 0;
}

function keyOf({ entityId, docId }: { readonly entityId: number; readonly docId: string }): string {
  return `${entityId} ${docId}`;
}
