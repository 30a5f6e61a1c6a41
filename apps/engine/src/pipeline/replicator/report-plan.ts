/**
 * Decides what a node reports about its caches. A cache that has not changed is not reported: the node's heartbeat says that it
 * is alive. An offset that moved without rows says nothing new about lag, so it may wait.
 */
import type { CachesReport, EntityCacheStatus } from './replicator.ts';

/** How long an offset that moved without rows may wait, milliseconds. */
const offsetsMs = 5_000;
/** How often all caches are reported, for a PostgreSQL that lost the reports, milliseconds. */
const repeatMs = 15_000;

interface Reported {
  /** All but the offset. */
  readonly text: string;
  readonly offset: number | null;
}

export interface PlannedReport {
  readonly report: CachesReport;
  /** Call it once the report has been written. */
  confirm(): void;
}

export class ReportPlan {
  #reported = new Map<number, Reported>();
  #offsetsAtMs = Number.NEGATIVE_INFINITY;
  #allAtMs = Number.NEGATIVE_INFINITY;

  /** Null if there is nothing to report. */
  next(statuses: readonly EntityCacheStatus[], nowMs: number): PlannedReport | null {
    const isAllDue = nowMs - this.#allAtMs >= repeatMs;
    const areOffsetsDue = nowMs - this.#offsetsAtMs >= offsetsMs;
    const now = new Map(statuses.map((status) => [status.entityId, reportedOf(status)]));
    const isChanged = ({ entityId }: EntityCacheStatus): boolean => {
      const [before, after] = [this.#reported.get(entityId), now.get(entityId)];
      return before?.text !== after?.text || (areOffsetsDue && before?.offset !== after?.offset);
    };
    const changed = isAllDue ? statuses : statuses.filter(isChanged);
    const isAnyGone = [...this.#reported.keys()].some((entityId) => !now.has(entityId));
    if (changed.length === 0 && !isAnyGone && !isAllDue) return null;
    return {
      report: { changed, entityIds: [...now.keys()] },
      confirm: () => {
        const before = this.#reported;
        this.#reported = new Map([...now.keys()].map((id) => [id, before.get(id)] as const).filter(isKnown));
        for (const { entityId } of changed) this.#note(entityId, now);
        if (areOffsetsDue) this.#offsetsAtMs = nowMs;
        if (isAllDue) this.#allAtMs = nowMs;
      },
    };
  }

  #note(entityId: number, now: ReadonlyMap<number, Reported>): void {
    const reported = now.get(entityId);
    if (reported !== undefined) this.#reported.set(entityId, reported);
  }
}

function isKnown(entry: readonly [number, Reported | undefined]): entry is readonly [number, Reported] {
  return entry[1] !== undefined;
}

function reportedOf({ offset, ...status }: EntityCacheStatus): Reported {
  return { text: JSON.stringify(status), offset };
}
