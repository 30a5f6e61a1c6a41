import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { IncidentStep, KnownIncidents } from '@emcachers/db/control/incident-keeping';
import type { Service } from '../../runtime/service.ts';
import type { FleetJudgement } from '../fleet/fleet-judgement.ts';
import type { PastOutage } from '../fleet/outage-record.ts';
import { type Findings, planIncidents } from './incident-plan.ts';
import type { Holds } from './incident-state.ts';

/**
 * Compares the causes that the status of the fleet names with the incidents in PostgreSQL, and opens and closes them; nothing else does.
 * One node of the fleet keeps them: the leader of the default stream, or another one while that is silent. All that it knows is in
 * PostgreSQL, so the next keeper goes on where it ended; if two keep at once, they take turns and open nothing twice. Worst case:
 * PostgreSQL is away. Its outage is recorded once it is back, with the time at which it began.
 */
export interface IncidentKeeperDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  /** Null before the first reading of the fleet. */
  readonly judgement: () => FleetJudgement | null;
  /** Null if another node keeps them at this moment. */
  readonly keep: (plan: (known: KnownIncidents) => readonly IncidentStep[]) => Promise<readonly IncidentStep[] | null>;
  readonly prune: () => Promise<void>;
}

export interface IncidentKeeperOptions extends Holds {
  /** Time between two comparisons. */
  readonly checkMs: number;
}

/** A reading that is older says too little about now, milliseconds. */
const readAgeMsMax = 5_000;
/** While nothing is wrong, PostgreSQL is asked this often, milliseconds: another node may have kept the incidents in between. */
const quietMsMax = 60_000;
/** Shorter than an incident can be opened again, so that another keeper finds the one of the outage. */
const outageToldMs = 60_000;
const pruneMs = 3_600_000;

export function createIncidentKeeper(
  dependencies: IncidentKeeperDependencies,
  options: IncidentKeeperOptions,
): Service {
  return new IncidentKeeper(dependencies, options);
}

class IncidentKeeper implements Service {
  readonly name = 'incident-keeper';
  readonly #dependencies: IncidentKeeperDependencies;
  readonly #options: IncidentKeeperOptions;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #pruneAtMs = Number.NEGATIVE_INFINITY;
  /** The newest outage that was told. */
  #told: PastOutage | null = null;
  #isFailing = false;

  constructor(dependencies: IncidentKeeperDependencies, options: IncidentKeeperOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await this.#dependencies.clock.sleep(this.#options.checkMs, signal);
    }
  }

  async #look(): Promise<void> {
    const { log, nodeId, judgement } = this.#dependencies;
    const judged = judgement();
    try {
      if (judged !== null && isOurs(judged, nodeId)) await this.#compare(judged);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) log.warn({ err: error }, 'Incidents could not be kept.');
      this.#isFailing = true;
    }
  }

  async #compare(judged: FleetJudgement): Promise<void> {
    const { clock, keep } = this.#dependencies;
    const outage = judged.outage === this.#told ? null : judged.outage;
    const found = judged.findCauses();
    const nowMs = clock.monotonicMs();
    if (found.causes.length === 0 && outage === null && nowMs < this.#quietUntilMs) return;
    const { openMs } = this.#options;
    const findings = { ...found, outage: recordOf(outage, judged.entities, { nowMs, openMs }) };
    let isQuiet = false;
    const steps = await keep((known) => {
      isQuiet = known.candidates.length === 0 && known.incidents.every(({ closedAtMs }) => closedAtMs !== null);
      return planIncidents(known, findings, this.#options);
    });
    if (steps === null) return;
    this.#told = judged.outage;
    this.#quietUntilMs = isQuiet && steps.length === 0 ? nowMs + quietMsMax : Number.NEGATIVE_INFINITY;
    for (const step of steps) tell(this.#dependencies.log, step);
    await this.#pruneInTime(nowMs);
  }

  async #pruneInTime(nowMs: number): Promise<void> {
    if (nowMs < this.#pruneAtMs) return;
    await this.#dependencies.prune();
    this.#pruneAtMs = nowMs + pruneMs;
  }
}

function isOurs({ isReachable, readAgeMs, keeperNodeId }: FleetJudgement, nodeId: string): boolean {
  return isReachable && readAgeMs <= readAgeMsMax && keeperNodeId === nodeId;
}

/** Null if it was too short, this process hardly saw it, or it is long over: the keeper of that time has recorded it. */
function recordOf(
  outage: PastOutage | null,
  entities: readonly string[],
  { nowMs, openMs }: { readonly nowMs: number; readonly openMs: number },
): Findings['outage'] {
  if (outage === null) return null;
  const { beganAtMs, endedAtMs, observedMs } = outage;
  if (endedAtMs - beganAtMs < openMs || observedMs < openMs / 2 || nowMs - endedAtMs > outageToldMs) return null;
  return { beganAgeMs: nowMs - beganAtMs, endedAgeMs: nowMs - endedAtMs, entities };
}

function tell(log: Log, step: IncidentStep): void {
  if (step.kind === 'open' || step.kind === 'reopen') {
    const { subject, errorCode, detail, entityCount } = step;
    log.warn({ subject, code: errorCode, reason: detail, entities: entityCount }, 'An incident was opened.');
  }
  if (step.kind === 'close') log.info({ subject: step.subject, code: step.errorCode }, 'An incident was closed.');
}
