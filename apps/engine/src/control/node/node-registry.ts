import { hostname } from 'node:os';
import type { OplogLook } from '@emcachers/core/capture-report';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { Database } from '@emcachers/db/database';
import { writeCaptureReport } from '@emcachers/db/fleet/capture-report';
import { forgetSilentNodes } from '@emcachers/db/fleet/forget-node';
import { writeHeartbeat, writeSignOff } from '@emcachers/db/fleet/node-heartbeat';
import type { IngestStatus } from '../../pipeline/ingest/ingest-status.ts';
import type { Service } from '../../runtime/service.ts';

/**
 * Reports at a steady interval that this node is alive and, while it leads, the state of its change streams. A missing report makes
 * the node's health unknown (I12), so a failed report is not retried: the next one follows soon.
 */
export interface NodeRegistryDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
  readonly nodeId: string;
  readonly roles: readonly string[];
  /** A node without a heartbeat for this long is removed. */
  readonly forgetNodeHours: number;
  /** Interval between two reports, milliseconds. */
  readonly beatMs: number;
  /** Of the streams that this node leads. */
  readonly ingest: () => readonly { readonly streamId: number; readonly status: IngestStatus }[];
  /** What this node last found of MongoDB's oplog; null unless it leads a stream. */
  readonly sourceOplog: () => OplogLook | null;
}

export interface NodeRegistry extends Service {
  /** Writes one report. Rejects if it cannot be written. */
  beat(): Promise<void>;
  /** Says that this node stops in good order. After it, nothing may beat. Rejects if it cannot be written. */
  signOff(): Promise<void>;
}

export function createNodeRegistry(dependencies: NodeRegistryDependencies): NodeRegistry {
  const { clock, log, database, nodeId, roles } = dependencies;
  const startedAtMs = clock.nowMs();
  let failing = false;
  const beat = async (): Promise<void> => {
    await writeHeartbeat(database.pool, { nodeId, roles, host: hostname(), startedAtMs });
    await forgetSilentNodes(database.pool, dependencies.forgetNodeHours);
    for (const { streamId, status } of dependencies.ingest()) {
      const report = { ...captureReport(status, clock.nowMs()), sourceOplog: dependencies.sourceOplog() };
      await writeCaptureReport(database.pool, { nodeId, streamId }, report);
    }
  };
  return {
    name: 'node-registry',
    beat,
    signOff: () => writeSignOff(database.pool, { nodeId, startedAtMs }),
    async run(signal) {
      while (!signal.aborted) {
        await beat().then(
          () => {
            failing = false;
          },
          (error: unknown) => {
            if (!failing) log.warn({ err: error }, 'Could not write the heartbeat.');
            failing = true;
          },
        );
        await clock.sleep(dependencies.beatMs, signal);
      }
    },
  };
}

function captureReport(status: IngestStatus, nowMs: number) {
  // The error of a stream that has since reopened is no longer relevant.
  const error = status.streamOpen ? null : status.lastError;
  return {
    streamOpen: status.streamOpen,
    replyAgeMs: status.lastReplyAtMs === null ? null : Math.max(0, nowMs - status.lastReplyAtMs),
    changesTotal: status.changesTotal,
    bufferedOperations: status.bufferedOperations,
    bufferedBytes: status.bufferedBytes,
    error: error?.message ?? null,
    errorCode: error?.code ?? null,
    mongo: status.mongo,
  };
}
