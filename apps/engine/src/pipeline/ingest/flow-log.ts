/** Logs at an interval what went through the channel since the last line. Without anything there is no line. */
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { Service } from '../../runtime/service.ts';
import type { EntityFlow } from './flow-counters.ts';

export interface FlowLogDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  readonly totals: () => readonly EntityFlow[];
}

type Change = Omit<EntityFlow, 'entityId'>;

/** Entities that one line names, the busiest first; it has one sum for the others. */
const namedMax = 20;

export function createFlowLog({ clock, log, intervalMs, totals }: FlowLogDependencies): Service {
  let before: ReadonlyMap<number, EntityFlow> = new Map();
  const write = (): void => {
    const now = totals();
    const changes = now.map((flow) => changeSince(before.get(flow.entityId), flow)).filter(isAny);
    before = new Map(now.map((flow) => [flow.entityId, flow]));
    if (changes.length === 0) return;
    const sorted = changes.toSorted((one, other) => other.processed - one.processed);
    const others = sorted.slice(namedMax);
    const rest = others.length === 0 ? {} : { others: { entities: others.length, ...sumOf(others) } };
    log.info({ entities: sorted.slice(0, namedMax), ...rest }, 'Operations since the last such line.');
  };
  return {
    name: 'flow-log',
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(intervalMs, signal);
        write();
      }
    },
  };
}

function changeSince(before: EntityFlow | undefined, now: EntityFlow): Change {
  return {
    entityName: now.entityName,
    processed: now.processed - (before?.processed ?? 0),
    blocked: now.blocked - (before?.blocked ?? 0),
    blockedMs: Math.round(now.blockedMs - (before?.blockedMs ?? 0)),
    deadLettered: now.deadLettered - (before?.deadLettered ?? 0),
  };
}

function isAny({ processed, blocked, deadLettered }: Change): boolean {
  return processed + blocked + deadLettered > 0;
}

function sumOf(changes: readonly Change[]): Omit<Change, 'entityName'> {
  const sum = (key: Exclude<keyof Change, 'entityName'>): number =>
    changes.reduce((total, change) => total + change[key], 0);
  return {
    processed: sum('processed'),
    blocked: sum('blocked'),
    blockedMs: sum('blockedMs'),
    deadLettered: sum('deadLettered'),
  };
}
