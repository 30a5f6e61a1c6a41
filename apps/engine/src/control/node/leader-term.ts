import { linkedAbort, untilAborted } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';
import type { Service } from '../../runtime/service.ts';
import { createSupervisor, type SupervisorDependencies } from '../../runtime/supervisor.ts';
import type { Leader } from './leader.ts';

/**
 * What a node does while it leads: the services of one term run until the lead is lost or the engine stops, each run again
 * by itself when it falls. A refused epoch (EMC-3002) in any of them ends the whole term: somebody else leads.
 */
export interface LeaderTermDependencies extends SupervisorDependencies {
  readonly leader: Leader;
  /** In flow order; stopped in that order, so that nothing is produced for a consumer that is gone. */
  readonly services: (epoch: number) => readonly Service[];
  /** The services of a term have ended. */
  readonly ended: () => void;
}

/** The services' own deadline: within the engine's, and long enough for one large commit. */
const drainMsMax = 20_000;

export function createLeaderTerm(dependencies: LeaderTermDependencies): Service {
  const { leader, services, ended, ...supervising } = dependencies;
  return {
    name: 'leader',
    run: (signal) =>
      leader.run(async (epoch, lost) => {
        dependencies.log.info({ epoch }, 'This node leads.');
        using term = linkedAbort(lost);
        const supervisor = createSupervisor({ ...supervising, onFault: (fault) => isDeposed(fault) && term.abort() });
        const running = services(epoch);
        for (const service of running) supervisor.start(service);
        await untilAborted(term.signal);
        const hung = await supervisor.stop(
          running.map((service) => service.name),
          drainMsMax,
        );
        ended();
        dependencies.log.info({ epoch, hung }, 'This node leads no more.');
      }, signal),
  };
}
