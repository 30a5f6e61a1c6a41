/** What the flow of a stream (`ingest-stream.ts`) is given. */
import type { Clock } from '@emcachers/core/clock';
import type { ChangeStream } from '../change-source/change-source.ts';
import type { LargeDocuments } from '../change-source/large-documents.ts';
import type { Position } from '../change-source/position.ts';
import type { Routes } from '../change-source/to-operation.ts';
import type { Channel } from '../channel/channel.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { ChangeUnit, UnitOptions } from './change-units.ts';
import type { IngestFacts } from './ingest-facts.ts';
import type { StreamIdentity } from './ingest-position.ts';

/** A unit on its way to the oplog. */
export interface DeliveredUnit extends ChangeUnit {
  /** When the unit is committed, every change up to and including this cluster time is. */
  readonly passedTime: bigint;
}

/** An opened stream, and the entities that its changes are for. */
export interface FollowedStream {
  readonly stream: ChangeStream;
  readonly routes: Routes;
  /** Of the stream's pipeline. */
  readonly pipelineHash: string;
}

export interface StreamFlowDependencies {
  readonly largeDocuments: LargeDocuments;
  readonly channel: Channel<DeliveredUnit>;
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
  readonly units: UnitOptions;
}

export interface StreamFlowStart {
  readonly followed: FollowedStream;
  readonly position: Position;
  readonly options: StreamFlowOptions;
}
