/**
 * While this node leads a stream, asks MongoDB on a schedule how far back its oplog reaches, so that operators learn before a
 * stream's position is lost. Apart from ingest, because a position is in danger above all while ingest does not advance; and once for
 * all streams, because they read one oplog. Worst case: no answer. The last one then stands with its age, as if MongoDB had written
 * on at the same rate.
 */
import type { OplogLook, SourceOplog } from '@emcachers/core/capture-report';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { Service } from '../../runtime/service.ts';
import type { MongoSource } from '../change-source/change-source.ts';

export interface HeadroomWatchDependencies {
  readonly source: Pick<MongoSource, 'readOplog'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether this node leads a stream. */
  readonly isLeading: () => boolean;
  readonly options: OplogLook['limits'] & {
    /** Time between two looks, milliseconds. */
    readonly checkMs: number;
  };
}

export interface HeadroomWatch extends Service {
  /** Null before the first answer, and while this node leads no stream. */
  last(): OplogLook | null;
}

/** Until the first answer, and between two looks at whether this node leads, milliseconds. */
const retryMs = 1_000;

export function createHeadroomWatch(dependencies: HeadroomWatchDependencies): HeadroomWatch {
  const { source, clock, log, isLeading, options } = dependencies;
  const { checkMs, ...limits } = options;
  let found: { readonly oplog: SourceOplog; readonly atMs: number } | null = null;
  const look = async (): Promise<void> => {
    const atMs = clock.monotonicMs();
    const oplog = await source.readOplog();
    if (oplog.kind === 'unknown' && found?.oplog.kind !== 'unknown')
      log.warn({ reason: oplog.reason }, 'How far back the oplog of MongoDB reaches is not known.');
    found = { oplog, atMs };
  };
  return {
    name: 'headroom-watch',
    last: () => (found === null ? null : { oplog: found.oplog, ageMs: clock.monotonicMs() - found.atMs, limits }),
    async run(signal) {
      while (!signal.aborted) {
        if (!isLeading()) found = null;
        else
          await look().catch((error: unknown) => log.debug({ err: error }, 'MongoDB did not answer about its oplog.'));
        await clock.sleep(found === null ? Math.min(retryMs, checkMs) : checkMs, signal);
      }
    },
  };
}
