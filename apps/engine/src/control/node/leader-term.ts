import { linkedAbort, untilAborted } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';
import type { Service } from '../../runtime/service.ts';
import { createSupervisor, type SupervisorDependencies } from '../../runtime/supervisor.ts';
import type { Leader } from './leader.ts';

/**
 * Runs the services of one term of leadership until the node loses leadership or the engine stops. Each service is restarted
 * separately if it fails. A refused epoch (EMC-3002) in any service ends the whole term, because another node leads.
 */
export interface LeaderTermDependencies extends SupervisorDependencies {
  readonly leader: Leader;
  /** In flow order. They stop in this order, so that nothing is produced for a stopped consumer. */
  readonly services: (epoch: number) => readonly Service[];
  /** Called after the services of a term have ended. */
  readonly ended: () => void;
}

/** Time limit for stopping the services, milliseconds: below the engine's, and enough for one large commit. */
const drainMsMax = 20_000;

export function createLeaderTerm(dependencies: LeaderTermDependencies): Service {
  const { leader, services, ended, ...supervising } = dependencies;
  return {
    name: 'leader',
    run: (signal) =>
      leader.run(async (epoch, lost) => {
        dependencies.log.info({ epoch }, 'This node is now the leader.');
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
        dependencies.log.info({ epoch, hung }, 'This node is no longer the leader.');
      }, signal),
  };
}
