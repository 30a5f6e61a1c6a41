import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { Exclusive } from '../../../runtime/exclusive.ts';
import type { Service } from '../../../runtime/service.ts';
import {
  type CompactionOptions,
  type CompactionResult,
  CompactionRun,
  type CompactionRunDependencies,
} from './compaction-run.ts';

/**
 * Compaction of the oplog, a service of the leader's term. It looks at every live entity in turn and removes what no reader needs.
 *
 * Guarantees: a cache that follows the oplog to its end holds what it would hold without compaction, or it recognises by the
 * horizon of a page that it must be rebuilt; entries that a cache has not read stay, unless that cache has been given up;
 * appends and reads wait for nothing but the disk and the processor; memory is bounded.
 * Failures: EMC-3002 ends the service, EMC-3001 lets the supervisor restart it. An error of one entity is logged, and the others
 * are compacted (I10).
 * Not promised: that disk space is returned to the operating system; PostgreSQL reuses it for later entries.
 */
export interface CompactionDependencies extends CompactionRunDependencies {
  readonly log: Log;
  /** Held for a run: the oplog of an entity is compacted or erased from, not both. */
  readonly upkeep: Exclusive;
  readonly entities: () => Promise<readonly CompactedEntity[]>;
  readonly options: CompactionOptions & {
    /** How often entities are looked at. */
    readonly checkMs: number;
  };
}

export type CompactedEntity = Pick<EntityRecord, 'entityId' | 'entityName' | 'lifecycle'>;

export function createCompaction(dependencies: CompactionDependencies): Service {
  const { clock, options } = dependencies;
  return {
    name: 'compaction',
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(options.checkMs, signal);
        await compactEntities(dependencies, signal);
      }
    },
  };
}

async function compactEntities(dependencies: CompactionDependencies, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  for (const entity of await dependencies.entities()) {
    if (signal.aborted) return;
    if (entity.lifecycle === 'live') await compactEntity(dependencies, entity, signal);
  }
}

async function compactEntity(
  dependencies: CompactionDependencies,
  { entityId, entityName }: CompactedEntity,
  signal: AbortSignal,
): Promise<void> {
  const { log, clock, upkeep } = dependencies;
  const startedAtMs = clock.monotonicMs();
  try {
    const result = await upkeep.run(entityId, () => new CompactionRun(dependencies, entityId, signal).run());
    report(log, { entityName, ...result, durationMs: Math.round(clock.monotonicMs() - startedAtMs) });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof EmcachersError) throw error;
    log.warn({ err: error, entityName }, 'Compaction of an entity failed; it will be retried.');
  }
}

function report(log: Log, run: CompactionResult & { entityName: string; durationMs: number }): void {
  if (run.removed > 0) log.info(run, 'Compacted the oplog of an entity.');
}
